/**
 * Opens a URL in the person's browser, and says whether that browser is likely to be on another machine.
 *
 * `node/SystemBrowser` has the layer for Node. A program without this service still logs in: the person opens the URL.
 *
 * @since 0.1.0
 */
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * A sign that the person's browser is on another machine, or that there is none:
 *
 * - `"ssh"`: the program runs in an SSH session.
 * - `"container"`: it runs in a container.
 * - `"noDisplay"`: it runs on Linux without a display.
 * - `"noTerminal"`: standard input or standard error is no terminal, so a person may not see the program.
 *
 * @category models
 * @since 0.1.0
 */
export type Sign = "ssh" | "container" | "noDisplay" | "noTerminal"

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

// The class declares the members of its schema again: an editor shows no comment of a schema's field on hover.

const sentenceOf = ({ detail, exitCode }: BrowserUnavailable): string =>
  `No browser was opened${exitCode === undefined ? "" : ` (exit code ${exitCode})`}: ${
    Wire.sentence(detail)
  } Open the URL yourself.`

/**
 * No browser was opened. It never ends a login.
 *
 * @category errors
 * @since 0.1.0
 */
export class BrowserUnavailable
  extends Schema.TaggedError<BrowserUnavailable>("@sso-oidc/session/BrowserUnavailable")("BrowserUnavailable", {
    /** What went wrong, in words. */
    detail: Schema.String,
    /** The exit code of the launcher. */
    exitCode: Schema.optionalKey(Schema.Number)
  })
{
  /** What went wrong, without the URL and without any path. */
  declare readonly detail: string

  /** The exit code of the program that opens browsers, such as `xdg-open`. Absent if it did not start, or was ended by a signal. */
  declare readonly exitCode?: number

  /** The sentence of this error: why, and what to do. */
  override readonly message: string = sentenceOf(this)
}

// -----------------------------------------------------------------------------
// service
// -----------------------------------------------------------------------------

/**
 * What a browser gives.
 *
 * @category services
 * @since 0.1.0
 */
export interface Service {
  /**
   * Opens the URL. It ends when the launcher has ended, or has run for so long that it must be a browser. It fails if the launcher does not
   * start, or exits with an error. A login calls it only with an https URL, or with an http URL to loopback.
   */
  readonly open: (url: string) => Effect.Effect<void, BrowserUnavailable>
  /** A sign that the person's browser is on another machine. `undefined` if there is none. */
  readonly elsewhere: Effect.Effect<Sign | undefined>
}

/**
 * The person's browser as a service.
 *
 * @category services
 * @since 0.1.0
 */
export class LoginBrowser extends Context.Service<LoginBrowser, Service>()("@sso-oidc/session/LoginBrowser") {}
