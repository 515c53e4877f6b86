/**
 * Masks the secrets of a request where a response repeats them.
 *
 * Nearly no response repeats a secret. A quick check finds that out without building the encoded forms of each secret, which
 * would take longer than the rest of a call. If the quick check says yes, the full search decides. If it says no, there is no
 * secret.
 */
import * as Wire from "../aws/Wire.ts"

const mask = "<redacted>"

// So many characters of a secret in a row count as a leak, even if the rest is missing.
const run = 8

// -----------------------------------------------------------------------------
// quick check
// -----------------------------------------------------------------------------

// Decodes base64 digits. `before` digits of the first group of four are missing. An incomplete last group is left out.
const fromBase64 = (digits: string, before: number): string => {
  const whole = "AAA".slice(0, before) + digits.replaceAll("-", "+").replaceAll("_", "/")
  return atob(whole.slice(0, whole.length & ~3))
}

const fromHex = (digits: string, from: number): string =>
  digits.slice(from).replace(/../g, (byte) => String.fromCharCode(Number.parseInt(byte, 16)))

/**
 * Whether {@link search} can find a secret. `false` is certain, because 8 characters of any form contain a piece of the secret:
 *
 * - a written form contains 4 characters that begin at a multiple of 5;
 * - base64 contains at least 5 whole bytes, of which 3 are left without the incomplete group;
 * - hex contains at least 3 bytes.
 */
export const mayHold = (text: string, secrets: ReadonlyArray<string>): boolean => {
  // A short secret has forms of fewer than 8 characters. A secret that is not ASCII has other bytes than characters.
  if (secrets.some((secret) => !/^[ -~]{9,}$/.test(secret))) return true
  const forms = secrets.flatMap((secret) => /[^\w.-]/.test(secret) ? Wire.writtenFormsOf(secret) : [secret])
  for (let at = 0; at < text.length - 3; at += 5) {
    if (forms.some((form) => form.includes(text.slice(at, at + 4)))) return true
  }
  // Whether a secret contains three of these bytes in a row.
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
// full search
// -----------------------------------------------------------------------------

// The forms of a secret that a response may contain, each group with the letters that it can have.
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

// A response has several texts. The forms are built once for the secrets of a request, and garbage-collected with them.
const known = new WeakMap<ReadonlyArray<string>, Forms>()

const formsOfAll = (secrets: ReadonlyArray<string>): Forms => {
  const forms = known.get(secrets) ?? secrets.filter((secret) => secret !== "").flatMap(formsOf)
  known.set(secrets, forms)
  return forms
}

/** Masks the secrets. {@link maskSecrets} calls it if the quick check says yes. */
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
 * Masks the secrets of a request in a text. A whole secret is masked, and so are 8 or more of its characters in a row. It may be
 * plain, or in JSON, URL, base64, base64url or hex form.
 */
export const maskSecrets = (text: string, secrets: ReadonlyArray<string>): string =>
  text !== "" && mayHold(text, secrets) ? search(text, secrets) : text

/**
 * Masks the secrets in a name from the platform or the transport, such as an error code. A secret of 8 characters or fewer is
 * masked only if it is the whole name, because a secret of one letter would spoil every name.
 */
export const maskName = (name: string, secrets: ReadonlyArray<string>): string =>
  secrets.includes(name) ? mask : maskSecrets(name, secrets.filter((secret) => secret.length > run))

// -----------------------------------------------------------------------------
// texts of a response
// -----------------------------------------------------------------------------

/** A text of the response, printable and masked. */
export const clean = (text: string, secrets: ReadonlyArray<string>): string =>
  Wire.printable(maskSecrets(Wire.printable(text), secrets))

/** A name from the platform or the transport, printable and masked. */
export const cleanName = (name: string, secrets: ReadonlyArray<string>): string =>
  Wire.printable(maskName(Wire.printable(name), secrets))

/**
 * The code of a response, printable and masked. A busy code never changes, because it decides whether a request is sent again.
 */
export const cleanCode = (code: string, secrets: ReadonlyArray<string>): string =>
  Wire.busyTypes.has(code) ? code : /^[a-z_]+$/i.test(code) ? cleanName(code, secrets) : clean(code, secrets)
