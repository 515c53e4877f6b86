/**
 * The pages of a list of the portal, and the tokens that name them.
 *
 * A token names the last entry of the page before it. So no state is kept for it, and an entry that is removed meanwhile does no
 * harm. The texts of a token are of no use to a client, which must not read them.
 */
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as Result from "effect/Result"
import * as Random from "./random.ts"

/** The size of a page if the client asks for none. It is small, so that a client that ignores `nextToken` misses entries soon. */
export const defaultSize = 20

/** The largest page. */
export const mostSize = 100

interface Page<A> {
  readonly items: ReadonlyArray<A>
  readonly nextToken: string | undefined
}

export type Problem = "token" | "size"

const encode = (content: Readonly<Record<string, string>>): string =>
  Random.base64Url(new TextEncoder().encode(JSON.stringify(content)))

const decode = (token: string): Readonly<Record<string, unknown>> => {
  try {
    const bytes = Uint8Array.from(
      atob(token.replaceAll("-", "+").replaceAll("_", "/")),
      (char) => char.charCodeAt(0)
    )
    return Wire.jsonObject(bytes) ?? {}
  } catch {
    return {}
  }
}

/** Tokens of another emulator are refused: each one has a seal of its own. */
export const make = () => {
  const seal = Random.id()

  /**
   * A page of a list that is in the order of its keys. `list` names the list: a token of another list is refused.
   */
  return <A>(list: string, all: ReadonlyArray<A>, key: (item: A) => string, asked: {
    readonly nextToken?: string | undefined
    readonly maxResults?: number | undefined
  }): Result.Result<Page<A>, Problem> => {
    const { maxResults = defaultSize, nextToken } = asked
    if (!Number.isInteger(maxResults) || maxResults < 1 || maxResults > mostSize) return Result.fail("size")
    let begin = 0
    if (nextToken !== undefined) {
      const { after, list: of, seal: given } = decode(nextToken)
      if (given !== seal || of !== list || typeof after !== "string") return Result.fail("token")
      const next = all.findIndex((item) => key(item) > after)
      begin = next === -1 ? all.length : next
    }
    const items = all.slice(begin, begin + maxResults)
    const last = items.at(-1)
    return Result.succeed({
      items,
      nextToken: last === undefined || begin + items.length >= all.length
        ? undefined
        : encode({ seal, list, after: key(last) })
    })
  }
}
