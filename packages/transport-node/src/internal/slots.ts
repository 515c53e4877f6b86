/** Limits the connections of each peer, with a queue for requests over the limit. */
import * as Effect from "effect/Effect"

type Waiter = (refused: string | undefined) => void

/** Gives a place back. A second call does nothing. */
export type Release = () => void

export const nothing: Release = () => {}

export class Slots {
  readonly #limit: number
  readonly #taken = new Map<string, number>()
  readonly #queues = new Map<string, Set<Waiter>>()

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Whether a request can have to wait. Without a limit, {@link take} gives {@link nothing}. */
  get isLimited(): boolean {
    return this.#limit !== Infinity
  }

  /**
   * Takes a place as soon as there is one, in the order of the calls. It fails with a code if the signal ends or {@link close}
   * comes first. Interruption leaves the queue.
   *
   * The place belongs to the fiber once it was given. Call it where no interruption can come in between.
   */
  take(peer: string, signal: AbortSignal): Effect.Effect<Release, string> {
    if (this.#limit === Infinity) return Effect.succeed(nothing)
    return Effect.callback((resume) => {
      const taken = this.#taken.get(peer) ?? 0
      if (taken < this.#limit) {
        this.#taken.set(peer, taken + 1)
        return resume(Effect.succeed(this.#releaseOf(peer)))
      }
      const queue = this.#queues.get(peer) ?? new Set()
      this.#queues.set(peer, queue)
      const leave = () => {
        queue.delete(waiter)
        signal.removeEventListener("abort", onAbort)
      }
      const waiter: Waiter = (refused) => {
        leave()
        resume(refused === undefined ? Effect.succeed(this.#releaseOf(peer)) : Effect.fail(refused))
      }
      const onAbort = () => waiter("ABORTED")
      queue.add(waiter)
      signal.addEventListener("abort", onAbort, { once: true })
      return Effect.sync(leave)
    })
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
