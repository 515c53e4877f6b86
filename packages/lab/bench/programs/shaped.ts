/**
 * Texts that look like those of the service: as long, and as mixed. A search for a text of one letter would be another search.
 */
import { createHash } from "node:crypto"

/** A text of base64url of this length, the same for the same seed. */
export const text = (seed: string, length: number): string => {
  let all = ""
  for (let n = 0; all.length < length; n++) all += createHash("sha512").update(`${seed} ${n}`).digest("base64url")
  return all.slice(0, length)
}

/** A device code of the service has 86 characters. These begin with the outcome that the server of the measurements gives for them. */
export const deviceCode = (outcome: "approved" | "pending"): string =>
  `${outcome}-${text(outcome, 85 - outcome.length)}`
