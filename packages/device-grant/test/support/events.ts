/**
 * Writes the events of a login as texts, so that tests can compare them.
 */
import * as Redacted from "effect/Redacted"

/** The value as JSON, with its secrets in the clear and its times as texts. */
export const clear = (value: unknown): string =>
  JSON.stringify(value, function(key) {
    const member: unknown = key === "" ? value : Reflect.get(Object(this), key)
    return Redacted.isRedacted(member) ? `secret ${String(Redacted.value(member))}` : member
  })
