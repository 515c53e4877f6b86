/**
 * The handler of CreateTokenWithIAM, which verifies the signature before it reads the body.
 */
import * as SsoOidcService from "@sso-oidc/core/SsoOidcService"
import * as Effect from "effect/Effect"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import type { Service } from "../../Emulator.ts"
import * as Signature from "../service/signature.ts"
import * as Request from "./request.ts"

/** Verifies the signature of a request. A body that is too large is refused later. */
export const authenticate = (
  { accessKeys, clock, region }: Service,
  request: HttpServerRequest.HttpServerRequest,
  bytes: Uint8Array | undefined
): Effect.Effect<unknown, Signature.Refused> =>
  Effect.flatMap(clock.now, (now) => {
    const url = Request.url(request)
    return bytes === undefined || url === undefined ? Effect.void : Signature.verify(
      {
        method: request.method,
        path: url.pathname,
        query: url.search.slice(1),
        // a request in process has no such header
        headers: { host: url.host, ...request.headers },
        body: bytes
      },
      {
        // the region that the emulator has by default is none of AWS
        region: region === "emulator" ? undefined : region,
        signingName: SsoOidcService.service.signingName
      },
      (accessKeyId) => accessKeys.find((one) => one.accessKeyId === accessKeyId),
      now
    )
  })
