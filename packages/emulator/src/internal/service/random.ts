/**
 * Random values from WebCrypto, in the forms of the service.
 */

const bytes = (count: number): Uint8Array => crypto.getRandomValues(new Uint8Array(count))

const base64 = (data: Uint8Array): string => btoa(String.fromCharCode(...data))

export const base64Url = (data: Uint8Array): string =>
  base64(data).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "")

const text = (value: string): Uint8Array => new TextEncoder().encode(value)

/** 16 random bytes and the region's name, as base64url. */
export const clientId = (region: string): string => base64Url(Uint8Array.from([...bytes(16), ...text(region)]))

/** About 1.75 kB in the form of a JWT, like the service's, because clients must be able to store that. Its parts are random. */
export const clientSecret = (): string =>
  [
    base64Url(text(JSON.stringify({ kid: "emulator", alg: "HS384" }))),
    base64Url(text(JSON.stringify({ serialized: base64(bytes(900)) }))),
    base64Url(bytes(48))
  ].join(".")

/** 86 characters of base64url. */
export const deviceCode = (): string => base64Url(bytes(64))

// RFC 8628 section 6.1: 20 letters that are hard to confuse, without vowels, so that they form no words
const letters = "BCDFGHJKLMNPQRSTVWXZ"

/** `XXXX-XXXX`. It drops bytes above 239, so each of the 20 letters is equally likely. */
export const userCode = (): string => {
  let code = ""
  while (code.length < 8) {
    for (const byte of bytes(16)) {
      if (byte < 240 && code.length < 8) code += letters[byte % letters.length]
    }
  }
  return `${code.slice(0, 4)}-${code.slice(4)}`
}

/** `aoa…:…` for an access token, `aor…:…` for a refresh token. */
export const token = (prefix: "aoa" | "aor"): string => `${prefix}${base64Url(bytes(96))}:${base64(bytes(96))}`

/** 43 characters of base64url. */
export const authorizationCode = (): string => base64Url(bytes(32))

/** The token of the control API: 43 characters of base64url. */
export const controlToken = (): string => base64Url(bytes(32))

/** The id of a request, or of a code authorization. */
export const id = (): string => crypto.randomUUID()

// The letters and digits of the ids of access keys (base32, RFC 4648)
const base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

/** The id of a temporary access key: `ASIA` and 16 characters. */
export const accessKeyId = (): string => `ASIA${Array.from(bytes(16), (byte) => base32[byte % 32]).join("")}`

/** 40 characters of base64. */
export const secretAccessKey = (): string => base64(bytes(30))

/** 816 characters of base64, as long as a session token of AWS, and with its beginning. Clients must be able to store that. */
export const sessionToken = (): string => `IQoJb3JpZ2luX2Vj${base64(bytes(600))}`
