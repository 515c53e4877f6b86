/** Limits the connections of each peer, with a queue for requests over the limit. */

/** Ends a waiting call, with a code if it gets no place. */
type Waiter = (refused: string | undefined) => void

/** Gives a place back. A second call does nothing. */
export type Release = () => void

/** What a call that waits for a place gets: the place, or the code of its failure. */
export type Taken = (release: Release | undefined, refused: string) => void

const nothing: Release = () => {}

export class Slots {
  readonly #limit: number
  readonly #taken = new Map<string, number>()
  readonly #queues = new Map<string, Set<Waiter>>()

  constructor(limit: number) {
    this.#limit = limit
  }

  /**
   * Takes a place as soon as there is one, in the order of the calls. It fails with a code if the signal ends or {@link close}
   * comes first. The place belongs to the caller once `taken` was called.
   *
   * The function that it returns leaves the queue.
   */
  take(peer: string, signal: AbortSignal, taken: Taken): () => void {
    if (this.#limit === Infinity) {
      taken(nothing, "")
      return nothing
    }
    const count = this.#taken.get(peer) ?? 0
    if (count < this.#limit) {
      this.#taken.set(peer, count + 1)
      taken(this.#releaseOf(peer), "")
      return nothing
    }
    const queue = this.#queues.get(peer) ?? new Set()
    this.#queues.set(peer, queue)
    const leave = () => {
      queue.delete(waiter)
      signal.removeEventListener("abort", onAbort)
    }
    const waiter: Waiter = (refused) => {
      leave()
      if (refused === undefined) taken(this.#releaseOf(peer), "")
      else taken(undefined, refused)
    }
    const onAbort = () => waiter("ABORTED")
    queue.add(waiter)
    signal.addEventListener("abort", onAbort, { once: true })
    return leave
  }

  /** Ends all waiting calls with this code. */
  close(code: string): void {
    for (const queue of this.#queues.values()) for (const waiter of queue) waiter(code)
  }

  #releaseOf(peer: string): Release {
    let held = true
    return () => {
      if (!held) return
      held = false
      const queue = this.#queues.get(peer)
      for (const waiter of queue ?? []) {
        // the next in the queue takes over this place
        waiter(undefined)
        return
      }
      this.#queues.delete(peer)
      const taken = (this.#taken.get(peer) ?? 1) - 1
      if (taken === 0) this.#taken.delete(peer)
      else this.#taken.set(peer, taken)
    }
  }
}
