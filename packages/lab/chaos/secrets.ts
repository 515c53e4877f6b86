/**
 * Looks for secrets in copies of a database.
 */
import { formsOf } from "@sso-oidc/test-kit/leaks"
import type { Dump, Secret } from "./events.ts"
import type { Violation } from "./judge.ts"

/** The length of a piece that counts as found. A random text of a database has no piece of a secret of this length. */
const piece = 16

/** Pieces begin at each eighth character. So any part of 23 characters of a secret has a whole piece. */
const step = 8

const hashes = 0x20000

const hashAt = (text: string, at: number): number =>
  ((text.charCodeAt(at) * 0x9e3b) ^ (text.charCodeAt(at + 2) * 0x85eb) ^ (text.charCodeAt(at + 5) * 0xc2b3) ^
    (text.charCodeAt(at + step - 1) * 0x27d5)) & (hashes - 1)

interface Needle {
  readonly text: string
  readonly secret: Secret
}

/** A user code has two halves, and a program may leave out the dash. */
const spellingsOf = ({ text }: Secret): ReadonlyArray<string> =>
  /^[A-Z]{4}-[A-Z]{4}$/.test(text) ? [text, text.replace("-", "")] : [text]

const needlesOf = (secret: Secret): ReadonlyArray<Needle> =>
  spellingsOf(secret).flatMap(formsOf).flatMap((form) =>
    Array.from({ length: Math.max(1, Math.floor((form.length - piece) / step) + 1) }, (_, n) => ({
      text: form.slice(n * step, n * step + piece),
      secret
    }))
  ).filter(({ text }) => text.length >= step)

/** Finds each secret that a text shows, whole or a part of it, also in base64, in hex and in a URL. */
export const finder = (secrets: ReadonlyArray<Secret>): (text: string) => ReadonlySet<Secret> => {
  const needles = new Map<string, Array<Needle>>()
  const known = new Uint8Array(hashes)
  for (const needle of secrets.flatMap(needlesOf)) {
    const key = needle.text.slice(0, step)
    const found = needles.get(key)
    if (found === undefined) needles.set(key, [needle])
    else found.push(needle)
    known[hashAt(key, 0)] = 1
  }
  return (text) => {
    const found = new Set<Secret>()
    for (let at = 0; at + step <= text.length; at++) {
      if (known[hashAt(text, at)] === 0) continue
      for (const needle of needles.get(text.slice(at, at + step)) ?? []) {
        if (text.startsWith(needle.text, at)) found.add(needle.secret)
      }
    }
    return found
  }
}

/** One violation for each kind of secret of a login in each place. It names the secret, and does not show it. */
export const violationsIn = (
  secrets: ReadonlyArray<Secret>,
  dumps: ReadonlyArray<Dump>,
  logs: ReadonlyArray<readonly [name: string, text: string]> = []
): ReadonlyArray<Violation> => {
  const find = finder(secrets)
  const violations = new Map<string, Violation>()
  const look = (where: string, text: string): void => {
    for (const { login, what } of find(text)) {
      violations.set(`${where} ${what} ${login}`, {
        law: "secrets",
        ...(login === undefined ? {} : { login }),
        what: `${where} shows a ${what}`
      })
    }
  }
  for (const { rows } of dumps) for (const [table, text] of rows) look(`the table ${table}`, text)
  for (const [name, text] of logs) look(`the log ${name}`, text)
  return [...violations.values()]
}
