/**
 * Reads the pages of a list, one after the other, as they are asked for.
 */
import * as ClientError from "@sso-oidc/core/aws/ClientError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"

/** The most entries of a page, which the portal allows. */
export const size = 100

// A portal that always has one more page would never end. An organization has some ten thousand accounts.
const mostPages = 10_000

interface Page<A> {
  readonly entries: ReadonlyArray<A> | undefined
  readonly nextToken: string | undefined
}

const endless = (operation: string, detail: string) =>
  new ClientError.UnexpectedResponse({
    operation,
    problem: "malformed",
    status: 200,
    detail,
    body: Redacted.make("", { label: "body" })
  })

/**
 * The entries of all pages. A page that was read before is an error, since it would be read again and again. `asError` makes the error.
 */
export const all = <A, E>(
  operation: string,
  read: (nextToken: string | undefined) => Effect.Effect<Page<A>, E>,
  asError: (error: ClientError.UnexpectedResponse) => E
): Stream.Stream<A, E> =>
  Stream.suspend(() => {
    const seen = new Set<string>()
    return Stream.paginate<string | undefined, A, E>(undefined, (token) =>
      Effect.flatMap(read(token), ({ entries = [], nextToken }) => {
        if (nextToken === undefined) {
          return Effect.succeed([entries, Option.none()] as const)
        }
        const fault = seen.has(nextToken)
          ? "its next page was read before"
          : seen.size >= mostPages
          ? `it has more than ${mostPages} pages`
          : undefined
        if (fault !== undefined) {
          return Effect.fail(asError(endless(operation, fault)))
        }
        seen.add(nextToken)
        return Effect.succeed([entries, Option.some(nextToken)] as const)
      }))
  })
