/**
 * The keys of the tests.
 */
import * as Sealer from "@sso-oidc/core/Sealer"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"

export const key = (fill: number): Sealer.Key => Redacted.make(new Uint8Array(32).fill(fill))

export const sealing = Sealer.layer({ current: "one", keys: { one: key(1) } }).pipe(Layer.orDie)
