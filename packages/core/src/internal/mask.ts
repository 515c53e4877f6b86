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
const least = 8

// -----------------------------------------------------------------------------
// quick check
// -----------------------------------------------------------------------------

/**
 * What the quick check needs to know of the secrets of a request. `forms` is one text with the written forms of those that it can look for.
 * `runs` finds the runs of a text in which 8 characters of them can be.
 *
 * `rest` has the other secrets. Of a short secret, a form may have fewer than 8 characters. A secret that is not printable ASCII has other
 * bytes than characters.
 */
type Written = readonly [forms: string, runs: RegExp, rest: ReadonlyArray<string>]

const writtenOf = (secrets: ReadonlyArray<string>): Written => {
  let forms = ""
  let runs = /[\w.-]{8,}/g
  const rest: Array<string> = []
  for (const secret of secrets) {
    // Most secrets have only one form, and are read only once: a long one takes time.
    if (/^[\w.-]{9,}$/.test(secret)) forms += `\0${secret}`
    else if (/^[ -~]{9,}$/.test(secret)) {
      forms += `\0${Wire.writtenFormsOf(secret).join("\0")}`
      runs = /[ -~]{8,}/g
    } else rest.push(secret)
  }
  return [forms, runs, rest]
}

// A response has several texts. What is made of the secrets of a request is made once, and garbage-collected with them.
const written = /* @__PURE__ */ new WeakMap<ReadonlyArray<string>, Written>()

// Four digits of base64 or base64url, and six of hex, that stand for three bytes of printable ASCII. They are found at each place
// of a text, because the digits of a group may begin anywhere.
const quad = /(?=([I-Za-f][C-HS-Xi-nyz0-3][ABEFIJMNQRUVYZcdghklopstwx014589][\w+/-]))/g
const triple = /(?=((?:[2-7][\da-f]){3}))/gi

const fromBase64 = (digits: string): string => atob(digits.replace("-", "+").replace("_", "/"))

const fromHex = (digits: string): string => {
  const bytes = Number(`0x${digits}`)
  return String.fromCharCode(bytes >> 16, (bytes >> 8) & 0xff, bytes & 0xff)
}

/**
 * Whether {@link search} can find a secret. `false` is certain, because 8 characters of any form contain a piece of the secret:
 *
 * - a written form contains 4 characters that begin at a multiple of 5 of its run;
 * - base64 contains one whole group, which is 3 bytes;
 * - hex contains at least 3 bytes.
 *
 * The full search looks for the rest of the secrets.
 */
export const mayHold = (text: string, secrets: ReadonlyArray<string>): boolean => {
  const known = written.get(secrets) ?? writtenOf(secrets)
  written.set(secrets, known)
  const [forms, runs, rest] = known
  if (rest.length > 0 && search(text, rest) !== text) return true
  for (const [run] of text.matchAll(runs)) {
    for (let at = 0; at < run.length - 3; at += 5) if (forms.includes(run.slice(at, at + 4))) return true
  }
  for (const [, digits = ""] of text.matchAll(quad)) if (forms.includes(fromBase64(digits))) return true
  for (const [, digits = ""] of text.matchAll(triple)) if (forms.includes(fromHex(digits))) return true
  return false
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
  for (const form of forms.flatMap(([, all]) => all).filter((form) => form.length <= least)) {
    for (let at = text.indexOf(form); at !== -1; at = text.indexOf(form, at + 1)) hidden.fill(1, at, at + form.length)
  }
  for (let at = 0; at + least <= text.length; at++) {
    const part = text.slice(at, at + least)
    if (forms.some(([letters, all]) => letters.test(part) && all.some((form) => form.includes(part)))) {
      hidden.fill(1, at, at + least)
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
  secrets.includes(name) ? mask : maskSecrets(name, secrets.filter((secret) => secret.length > least))

// -----------------------------------------------------------------------------
// texts of a response
// -----------------------------------------------------------------------------

/** A text of the response, printable and masked. */
export const clean = (text: string, secrets: ReadonlyArray<string>): string => {
  const line = Wire.printable(text)
  const masked = maskSecrets(line, secrets)
  return masked === line ? line : Wire.printable(masked)
}

/** A name from the platform or the transport, printable and masked. */
export const cleanName = (name: string, secrets: ReadonlyArray<string>): string =>
  Wire.printable(maskName(Wire.printable(name), secrets))

/**
 * The code of a response, printable and masked. A busy code never changes, because it decides whether a request is sent again.
 */
export const cleanCode = (code: string, secrets: ReadonlyArray<string>): string =>
  Wire.busyTypes.has(code) ? code : /^[a-z_]+$/i.test(code) ? cleanName(code, secrets) : clean(code, secrets)
