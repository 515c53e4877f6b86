/**
 * The files that the store in the AWS CLI's cache keeps beside the file of a key, `NAME`:
 *
 * - `NAME.lock`: the lock. It stays, and is empty.
 * - `NAME.OF.ID.sent`: the room of a request, and the mark that it was sent with the refresh token `OF`. It is full of blanks, until the
 *   response is written into it. Each room has an id of its own. So two processes without a lock never write into one room.
 *   When the holder records that the response is possibly lost, the room gets the id of zeros. So many tries leave one file.
 * - `NAME.OF.ended`, `NAME.OF.lost`: a mark that stays until another token is stored.
 * - `NAME.ID.held`, `NAME.ID.tmp`: a text without a request, for the moment in which it is written, with or without the lock.
 *
 * `aws sso logout` reads every file there: each is a JSON object, or no JSON.
 */
import * as CacheFile from "@sso-oidc/core/aws/CacheFile"
import * as Wire from "@sso-oidc/core/aws/Wire"
import type { Mark, State } from "../../TokenStore.ts"

// -----------------------------------------------------------------------------
// names
// -----------------------------------------------------------------------------

/** A file that records a mark. */
export interface Found {
  readonly path: string
  readonly of: string
  readonly state: State
}

/** A file of ours beside the target. */
export type Neighbour =
  | { readonly _tag: "mark"; readonly found: Found }
  | { readonly _tag: "writing"; readonly path: string; readonly isHeld: boolean }

export const hexadecimal = /^[0-9a-f]{1,128}$/i
const ofMark = /^([0-9a-f]{1,128})\.(?:[0-9a-f-]{36}\.(sent)|(ended|lost))$/i
const ofWriting = /^[0-9a-f-]{36}\.(held|tmp)$/

/** The end of the name of a room whose response is possibly lost. The next such room replaces it. */
export const settledRoom = (of: string): string => `.${of}.00000000-0000-0000-0000-000000000000.sent`

export const neighbourOf = (target: string, rest: string): Neighbour | undefined => {
  const path = `${target}.${rest}`
  const mark = ofMark.exec(rest)
  if (mark !== null) {
    const state: State = mark[2] !== undefined ? "sent" : mark[3] === "ended" ? "ended" : "lost"
    return { _tag: "mark", found: { path, of: mark[1] ?? "", state } }
  }
  const writing = ofWriting.exec(rest)
  return writing === null ? undefined : { _tag: "writing", path, isHeld: writing[1] === "held" }
}

/** The name of the file that a room is for, if this is the name of a room. */
export const fileOfRoom = (name: string): string | undefined =>
  /^(.+)\.[0-9a-f]{1,128}\.[0-9a-f-]{36}\.sent$/i.exec(name)?.[1]

/** The hash of a key, if this is the name of its file. */
export const hashIn = (name: string): string | undefined => /^([0-9a-f]{40})\.json$/.exec(name)?.[1]

/** What a person should know of the mode of a token's file. */
export const modeWarnings = (mode: number): ReadonlyArray<string> => {
  const verbs = [...(mode & 0o044 ? ["read"] : []), ...(mode & 0o022 ? ["change"] : [])]
  if (verbs.length === 0) return []
  const digits = (mode & 0o777).toString(8).padStart(4, "0")
  return [
    `Other users of this machine may ${
      verbs.join(" and ")
    } the file of the token: its mode is ${digits}. The next write makes it 0600.`
  ]
}

// -----------------------------------------------------------------------------
// texts
// -----------------------------------------------------------------------------

/** A sealed text is one word, which cannot be told from its beginning. A text of JSON that was cut off begins with a brace. */
const isSealed = (text: string): boolean => /^[A-Za-z0-9][\x21-\x7e]*$/.test(text)

export const isWhole = (text: string): boolean => CacheFile.isJson(text) || isSealed(text)

// A room has about 5 kB. The limits are for files that another program left under our names.
export const largestRoom = 256 * 1024
export const mostRooms = 32

/** The response that a dead holder wrote into its room. What is cut off, and what is left of a larger room, is none. */
export const responseIn = (bytes: Uint8Array): string | undefined => {
  if (bytes.length > largestRoom || !Wire.isText(bytes)) return undefined
  const text = new TextDecoder().decode(bytes).trimEnd()
  return Wire.jsonObject(text) !== undefined || (isSealed(text) && !CacheFile.isJson(text)) ? text : undefined
}

/** What counts if several files are of one refresh token. A response is a newer token, and what the service said counts more than a try. */
export const rank = ({ response, state }: Mark): number =>
  response !== undefined ? 3 : state === "lost" ? 2 : state === "ended" ? 1 : 0
