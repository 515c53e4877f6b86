/**
 * The names of the logins of one id. A name begins with the time of the code, as a UUID of version 7 does (RFC 9562). So a process that takes a
 * login over knows the age of its code.
 */

/** A new name, which has this time. */
export const make = (now: number): string => {
  const time = Math.max(0, Math.floor(now)).toString(16).padStart(12, "0").slice(-12)
  const random = crypto.randomUUID()
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(15)}`
}

const form = /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** The time of a name, in milliseconds since 1970. `undefined` if it has none. */
export const timeOf = (attempt: string): number | undefined => {
  const found = form.exec(attempt)
  return found === null ? undefined : Number.parseInt(`${found[1]}${found[2]}`, 16)
}
