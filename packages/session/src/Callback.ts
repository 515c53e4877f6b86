/**
 * Listens on this machine for the browser that comes back from a login.
 *
 * `node/LoopbackCallback` has the layer for Node. A program without this service logs in by the device grant, or the person pastes the URL.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8252#section-7.3
 * @since 0.1.0
 */
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * Options of a listener.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** The port: 0 to 65535. 0, the default, takes any free port. If the port is busy, `listen` fails with `CallbackUnavailable`. */
  readonly port?: number | undefined
}

/**
 * A listener that is bound on 127.0.0.1. The end of its scope closes it, with all its connections.
 *
 * @category models
 * @since 0.1.0
 */
export interface Listener {
  /** The redirect URI of this listener, with its port: `http://127.0.0.1:PORT/oauth/callback`. */
  readonly redirectUri: string
  /**
   * Waits for the first callback with this state, and gives its whole URL. By then the browser has its page: "go back to your program" for
   * a code, "the login ended without a token" for an error.
   *
   * Any other request changes nothing. A callback of another login, or an incomplete one, gets 400. A later callback of this login gets 410.
   * Another path gets 404, another method 405, and another `Host` 421.
   *
   * Before this is called, each callback is one of another login. If this is interrupted, the next call with the same state gives the
   * callback that came meanwhile.
   */
  readonly received: (state: Redacted.Redacted<string>) => Effect.Effect<Redacted.Redacted<string>>
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * The redirect URI to register. The port of a loopback redirect URI does not count (RFC 8252 section 7.3), so it has none.
 *
 * @category constructors
 * @since 0.1.0
 */
export const registeredRedirectUri = "http://127.0.0.1/oauth/callback"

/**
 * The redirect URI of a listener on this port.
 *
 * @category constructors
 * @since 0.1.0
 */
export const redirectUriOf = (port: number): string => `http://127.0.0.1:${port}/oauth/callback`

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

// The class declares the members of its schema again: an editor shows no comment of a schema's field on hover.

const sentenceOf = ({ code, detail, port }: CallbackUnavailable): string =>
  `The login cannot listen on 127.0.0.1${port === undefined || port === 0 ? "" : `, port ${port}`} (${
    Wire.printable(code)
  }): ${Wire.sentence(detail)} Use the device grant, or another port.`

/**
 * No listener can be had.
 *
 * @category errors
 * @since 0.1.0
 */
export class CallbackUnavailable
  extends Schema.TaggedError<CallbackUnavailable>("@sso-oidc/session/CallbackUnavailable")("CallbackUnavailable", {
    /** The port that was asked for. */
    port: Schema.optionalKey(Schema.Number),
    /** The code of the system. */
    code: Schema.String,
    /** What is wrong, in words. */
    detail: Schema.String
  })
{
  /** The port that was asked for. Absent if any port was good. */
  declare readonly port?: number

  /** The code of the system, such as `EADDRINUSE`. `NOSERVICE` if the program has no `Callback`. */
  declare readonly code: string

  /** What is wrong. */
  declare readonly detail: string

  /** The sentence of this error: what failed, why, and what to do. */
  override readonly message: string = sentenceOf(this)
}

// -----------------------------------------------------------------------------
// service
// -----------------------------------------------------------------------------

/**
 * What {@link Callback} gives.
 *
 * @category services
 * @since 0.1.0
 */
export interface Service {
  /** Binds a listener on 127.0.0.1. When it gives the listener, a browser can already reach it. */
  readonly listen: (options?: Options) => Effect.Effect<Listener, CallbackUnavailable, Scope.Scope>
}

/**
 * The listener for the callback of a login, as a service.
 *
 * @category services
 * @since 0.1.0
 */
export class Callback extends Context.Service<Callback, Service>()("@sso-oidc/session/Callback") {}
