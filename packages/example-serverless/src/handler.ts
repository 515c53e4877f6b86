import * as Environment from "@sso-oidc/core/aws/Environment"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as SsoOidcService from "@sso-oidc/core/SsoOidcService"
import * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
import * as PendingAuthorization from "@sso-oidc/device-grant/PendingAuthorization"
import * as DirectTransport from "@sso-oidc/transport-node/DirectTransport"
import * as Config from "effect/Config"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as KeyValueStore from "effect/persistence/KeyValueStore"
import * as Redacted from "effect/Redacted"

// Built once for each instance, at its first invocation. Replace the memory with your encrypted store.
export const runtime = ManagedRuntime.make(Layer.merge(
  SsoOidc.layerConfig(Environment.options(SsoOidcService.service, { region: Config.String("SSO_REGION") })).pipe(
    Layer.provide(DirectTransport.layer())
  ),
  KeyValueStore.layerMemory
))

const save = (id: string, pending: PendingAuthorization.PendingAuthorization) =>
  Effect.flatMap(
    PendingAuthorization.encode(pending),
    (secret) => KeyValueStore.KeyValueStore.use((store) => store.set(id, Redacted.value(secret)))
  )

// One invocation starts the login, and returns the texts for the person.
export const start = (startUrl: string) =>
  Effect.gen(function*() {
    const pending = yield* DeviceGrant.start({ clientName: "my-function", startUrl })
    const id = crypto.randomUUID()
    yield* save(id, pending)
    return { id, code: pending.userCode, open: pending.verificationUri, retryIn: Duration.toSeconds(pending.wait) }
  }).pipe(runtime.runPromise)

// Each further invocation sends at most one poll. Keep the token in your function: return only that the login is approved.
export const step = (id: string) =>
  Effect.gen(function*() {
    const store = yield* KeyValueStore.KeyValueStore
    const secret = yield* store.get(id)
    if (secret === undefined) return { state: "unknown" as const }
    const pending = yield* PendingAuthorization.decode(Redacted.make(secret))
    yield* save(id, yield* DeviceGrant.markInFlight(pending)) // this instance may be killed before the response comes
    const result = yield* DeviceGrant.step(pending).pipe(
      // RequestInvalid: nothing was sent, so no response was lost
      Effect.tapError((error) => error._tag === "RequestInvalid" ? save(id, pending) : store.remove(id))
    )
    if (result._tag === "Approved") {
      yield* store.remove(id)
      return { state: "approved" as const, token: result.token }
    }
    yield* save(id, result.pending)
    const left = result._tag === "NotDue" ? result.left : result.pending.wait
    return { state: "waiting" as const, retryIn: Duration.toSeconds(left) }
  }).pipe(runtime.runPromise)
