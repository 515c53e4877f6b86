/**
 * Passes each request on once, also when the page's browser sends it twice.
 *
 * A browser sends a request again by itself, a POST too, when a kept connection turned out dead before an answer came.
 * The second one would find the code or the refresh token used, and the page would read `invalid_grant` where its token
 * was lost on the way. The page's transport gives every request an id; a request sent again by the browser has the same.
 */

const isId = (id: string | null): id is string => id !== null && /^[0-9a-f]{32}$/.test(id)

// far more than are under way within a time limit
const most = 10_000

export class Once {
  readonly #sent = new Set<string>()

  /** Marks the request as sent; `false` when it was before. One without an id is not known from another. */
  begin(id: string | null): boolean {
    if (!isId(id)) return true
    if (this.#sent.has(id)) return false
    this.#sent.add(id)
    for (const oldest of this.#sent) {
      if (this.#sent.size <= most) break
      this.#sent.delete(oldest)
    }
    return true
  }

  /** It certainly did not reach the service. */
  undo(id: string | null): void {
    if (id !== null) this.#sent.delete(id)
  }
}
