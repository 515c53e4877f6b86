/**
 * What the errors of Redis mean, which the stores of this project share.
 *
 * **Unstable.** A minor release may change anything here. Use it to write another store, not in an application.
 *
 * @since 0.1.0
 */
import type * as Redis from "effect/persistence/Redis"
import { hasProperty } from "effect/Predicate"
import * as Wire from "../aws/Wire.ts"
import type { Trouble } from "./Trouble.ts"

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

// The codes that Redis puts before its messages, and what they mean to a person.
const meanings: Readonly<Record<string, string>> = {
  CLUSTERDOWN: "the cluster is down",
  CROSSSLOT: "the keys of one record are not in one slot of the cluster",
  LOADING: "the server is loading its data",
  MASTERDOWN: "the replica has no connection to its primary",
  MISCONF: "the server does not write, because it cannot save to its disk",
  MOVED: "the client does not follow the redirections of the cluster",
  NOAUTH: "the server asks for a password",
  NOPERM: "the user of Redis may not run a command, such as EVALSHA, or not with these keys",
  NOREPLICAS: "too few replicas are connected",
  NOSCRIPT: "the server lost the script",
  OOM: "the memory of the server is full",
  READONLY: "the server is a replica, which only reads",
  TRYAGAIN: "the cluster is moving the keys",
  UNKILLABLE: "the server is busy with a script",
  BUSY: "the server is busy with a script",
  WRONGPASS: "the server rejected the password",
  WRONGTYPE: "another program wrote a value of another type there"
}

/**
 * What an error of Redis means. A client's error may hold the whole command, so nothing but a known code is kept of it.
 *
 * @category errors
 * @since 0.1.0
 */
export const troubleOf = ({ cause }: Redis.RedisError): Trouble => {
  const message = hasProperty(cause, "message") ? cause.message : cause
  // Redis 6 puts the code of an error in a script behind another one.
  const codes = typeof message === "string" ? message.slice(0, 200).match(/\b[A-Z]+\b/g) ?? [] : []
  const code = codes.find((code) => Object.hasOwn(meanings, code))
  if (code !== undefined) {
    return { reason: code === "WRONGTYPE" ? "unreadable" : "unavailable", code, detail: meanings[code] ?? code }
  }
  const system = Wire.nameIn(cause, "code")
  return system !== undefined && /^E[A-Z]{2,20}$/.test(system)
    ? { reason: "unavailable", code: system, detail: "there is no connection" }
    : { reason: "unavailable", detail: "the client for Redis failed" }
}
