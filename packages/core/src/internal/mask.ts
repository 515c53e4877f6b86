/**
 * Replaces the secrets of a request where a response repeats them.
 *
 * A response nearly always repeats nothing. A quick look finds that out without building the encoded forms of each secret, which
 * takes longer than the rest of a call. It may say yes without cause, and then the whole search decides. It never says no
 * without cause.
 */
import * as Wire from "../aws/Wire.ts"

const mask = "<redacted>"

// A run of this many characters of a secret is taken for a leak of it, even when the rest is missing.
const run = 8

// -----------------------------------------------------------------------------
// quick look
// -----------------------------------------------------------------------------

// What base64 digits spell, when as many digits of a group of four stand before them. What is incomplete at the end is left out.
const fromBase64 = (digits: string, before: number): string => {
  const whole = "AAA".slice(0, before) + digits.replaceAll("-", "+").replaceAll("_", "/")
  return atob(whole.slice(0, whole.length & ~3))
}

const fromHex = (digits: string, from: number): string =>
  digits.slice(from).replace(/../g, (byte) => String.fromCharCode(Number.parseInt(byte, 16)))

/**
 * Whether {@link search} can find anything. `false` is certain, since a run of 8 characters of a form has a piece of the secret
 * in it:
 *
 * - of a written form, 4 characters that begin at a multiple of 5;
 * - of base64, at least 5 whole bytes, of which 3 are left without an incomplete group; of hex, at least 3.
 */
export const mayHold = (text: string, secrets: ReadonlyArray<string>): boolean => {
  // a short secret has forms shorter than a run, and one that is no plain text has bytes of its own
  if (secrets.some((secret) => !/^[ -~]{9,}$/.test(secret))) return true
  const forms = secrets.flatMap((secret) => /[^\w.-]/.test(secret) ? Wire.writtenFormsOf(secret) : [secret])
  for (let at = 0; at < text.length - 3; at += 5) {
    if (forms.some((form) => form.includes(text.slice(at, at + 4)))) return true
  }
  // three bytes in a row that a secret can have
  const isIn = (bytes: string): boolean =>
    (bytes.match(/[ -~]{3,}/g) ?? []).some((seen) => {
      for (let at = 0; at < seen.length - 2; at++) {
        if (secrets.some((secret) => secret.includes(seen.slice(at, at + 3)))) return true
      }
      return false
    })
  return (text.match(/[\w+/-]{8,}/g) ?? []).some((digits) => [0, 1, 2, 3].some((n) => isIn(fromBase64(digits, n)))) ||
    (text.match(/[\da-f]{8,}/gi) ?? []).some((digits) => [0, 1].some((n) => isIn(fromHex(digits, n))))
}

// -----------------------------------------------------------------------------
// whole search
// -----------------------------------------------------------------------------

// The forms in which a text may come back, by the letters that can stand in them.
const formsOf = (secret: string): ReadonlyArray<readonly [letters: RegExp, forms: ReadonlyArray<string>]> => {
  const { base64, hex, written } = Wire.formsOf(secret)
  return [
    [/^/, written],
    [
      /^[A-Za-z0-9+/_-]*$/,
      [...base64, ...base64.map((form) => form.replaceAll("+", "-").replaceAll("/", "_"))]
    ],
    [/^[0-9A-Fa-f]*$/, [hex, hex.toUpperCase()]]
  ]
}

type Forms = ReturnType<typeof formsOf>

// A response has several texts: made once for the secrets of a request, and gone with them.
const known = new WeakMap<ReadonlyArray<string>, Forms>()

const formsOfAll = (secrets: ReadonlyArray<string>): Forms => {
  const forms = known.get(secrets) ?? secrets.filter((secret) => secret !== "").flatMap(formsOf)
  known.set(secrets, forms)
  return forms
}

/** What {@link maskSecrets} does where the quick look says yes. */
export const search = (text: string, secrets: ReadonlyArray<string>): string => {
  const forms = formsOfAll(secrets)
  const hidden = new Uint8Array(text.length)
  for (const form of forms.flatMap(([, all]) => all).filter((form) => form.length <= run)) {
    for (let at = text.indexOf(form); at !== -1; at = text.indexOf(form, at + 1)) hidden.fill(1, at, at + form.length)
  }
  for (let at = 0; at + run <= text.length; at++) {
    const part = text.slice(at, at + run)
    if (forms.some(([letters, all]) => letters.test(part) && all.some((form) => form.includes(part)))) {
      hidden.fill(1, at, at + run)
    }
  }
  let out = ""
  for (let at = 0; at < text.length; at++) {
    if (hidden[at] === 0) out += text[at]
    else if (at === 0 || hidden[at - 1] === 0) out += mask
  }
  return out
}

/**
 * Masks the secrets of a request where a text repeats one: whole, or any run of eight or more of its characters, raw or in
 * JSON, URL, base64, base64url or hex form.
 */
export const maskSecrets = (text: string, secrets: ReadonlyArray<string>): string =>
  text !== "" && mayHold(text, secrets) ? search(text, secrets) : text

/**
 * The same for a name that a platform or a transport of ours gave, such as an error code. A secret of one letter would ruin
 * every such name, so that a short secret counts only where it is the whole name.
 */
export const maskName = (name: string, secrets: ReadonlyArray<string>): string =>
  secrets.includes(name) ? mask : maskSecrets(name, secrets.filter((secret) => secret.length > run))

// -----------------------------------------------------------------------------
// texts of a response
// -----------------------------------------------------------------------------

/** A text of the response, printable and masked. */
export const clean = (text: string, secrets: ReadonlyArray<string>): string =>
  Wire.printable(maskSecrets(Wire.printable(text), secrets))

/** A name that the platform or a transport gave. */
export const cleanName = (name: string, secrets: ReadonlyArray<string>): string =>
  Wire.printable(maskName(Wire.printable(name), secrets))

/** A code that the service, or something in its place, gave. Those that decide what to do are words of ours. */
export const cleanCode = (code: string, secrets: ReadonlyArray<string>): string =>
  Wire.busyTypes.has(code) ? code : /^[a-z_]+$/i.test(code) ? cleanName(code, secrets) : clean(code, secrets)
