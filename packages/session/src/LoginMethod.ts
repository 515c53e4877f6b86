/**
 * Which grant a login uses, and why. The choice is a pure function: nothing is read and nothing is sent.
 *
 * @since 0.1.0
 */
import type { Grant } from "./CachedRegistration.ts"
import type { Sign } from "./LoginBrowser.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * Why a grant was chosen:
 *
 * - `"option"`: the option `grant` of the login says so.
 * - `"setting"`: `sso_use_device_code` of the session says so.
 * - `"legacy"`: the profile has no `sso_session`, so that only the device grant fits its token file.
 * - `"noListener"`: the code grant needs a listener on this machine, and none can be had.
 * - `"elsewhere"`: the person's browser is likely to be on another machine.
 * - `"default"`: nothing speaks against the code grant.
 *
 * @category models
 * @since 0.1.0
 */
export type Reason = "option" | "setting" | "legacy" | "noListener" | "elsewhere" | "default"

/**
 * A grant, and why it was chosen.
 *
 * @category models
 * @since 0.1.0
 */
export interface Choice {
  /** The grant: `"code"` for the authorization code grant, `"device"` for the device grant. */
  readonly grant: Grant
  /** Why it was chosen. */
  readonly reason: Reason
  /** The sign of another machine. Only if the reason is `"elsewhere"`. */
  readonly sign?: Sign | undefined
}

/**
 * What the choice depends on.
 *
 * @category models
 * @since 0.1.0
 */
export interface Facts {
  /** The grant that the caller asks for. Absent if the caller does not care. */
  readonly grant?: Grant | undefined
  /** Whether the session asks for the device grant (`sso_use_device_code`). `false` and absent mean the same. */
  readonly useDeviceCode?: boolean | undefined
  /** Whether the settings are those of a legacy profile, which has no `sso_session`. */
  readonly isLegacy: boolean
  /** Whether a listener for the callback is bound. */
  readonly hasListener: boolean
  /** A sign that the person's browser is on another machine. Absent if there is none. */
  readonly sign?: Sign | undefined
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * The grant by the first rule that applies. The rules are the reasons, in their order: option, setting, legacy profile, no listener, sign of
 * another machine, default.
 *
 * @example
 * ```ts
 * import * as LoginMethod from "@sso-oidc/session/LoginMethod"
 *
 * LoginMethod.choose({ isLegacy: false, hasListener: true, sign: "ssh" }) // { grant: "device", reason: "elsewhere", sign: "ssh" }
 * LoginMethod.choose({ isLegacy: false, hasListener: true }) // { grant: "code", reason: "default" }
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const choose = ({ grant, hasListener, isLegacy, sign, useDeviceCode }: Facts): Choice => {
  if (grant !== undefined) return { grant, reason: "option" }
  if (useDeviceCode === true) return { grant: "device", reason: "setting" }
  if (isLegacy) return { grant: "device", reason: "legacy" }
  if (!hasListener) return { grant: "device", reason: "noListener" }
  if (sign !== undefined) return { grant: "device", reason: "elsewhere", sign }
  return { grant: "code", reason: "default" }
}

// -----------------------------------------------------------------------------
// texts
// -----------------------------------------------------------------------------

const signs: { readonly [S in Sign]: string } = {
  ssh: "this is an SSH session",
  container: "this is a container",
  noDisplay: "this machine has no display",
  noTerminal: "standard input or standard error is no terminal"
}

const nameOf: { readonly [G in Grant]: string } = { code: "a browser on this machine", device: "a code (device grant)" }

const becauseOf = ({ reason, sign }: Choice): string => {
  switch (reason) {
    case "option":
      return "as asked"
    case "setting":
      return "because sso_use_device_code is set"
    case "legacy":
      return "because the profile has no sso_session"
    case "noListener":
      return "because this program cannot listen for a browser"
    case "elsewhere":
      return `because ${sign === undefined ? "the browser may be on another machine" : signs[sign]}`
    case "default":
      return ""
  }
}

/**
 * The choice in words, for a person: one sentence.
 *
 * @category texts
 * @since 0.1.0
 */
export const sentence = (choice: Choice): string => {
  const because = becauseOf(choice)
  return `Logging in with ${nameOf[choice.grant]}${because === "" ? "" : `, ${because}`}.`
}
