/**
 * How the command keeps a session alive, and what it tells a person to run.
 */
import * as Wire from "@sso-oidc/core/aws/Wire"
import type * as AwsConfig from "@sso-oidc/session/AwsConfig"
import type * as Session from "@sso-oidc/session/Session"
import type * as SessionSettings from "@sso-oidc/session/SessionSettings"

const word = (name: string): string => Wire.shellWord(Wire.printable(name))

/** The command that logs in to this session. It names a profile of the environment too: another shell may have another one. */
const loginCommand = ({ name, profile }: SessionSettings.SessionSettings, { session }: AwsConfig.Wanted): string =>
  session !== undefined && name !== undefined
    ? `sso-oidc login --sso-session ${word(name)}`
    : profile === undefined || profile === "default"
    ? "sso-oidc login"
    : `sso-oidc login --profile ${word(profile)}`

/** How long a request may take. A refresh and a code exchange are awaited for this time after Ctrl-C. */
const requestTimeout = "10 seconds"

/** How the command keeps its token valid. Nothing goes on in the background, because the process may end. */
export const life = (settings: SessionSettings.SessionSettings, wanted: AwsConfig.Wanted) =>
  ({
    loginCommand: loginCommand(settings, wanted),
    clientName: "sso-oidc",
    requestTimeout,
    refresh: "wait"
  }) satisfies Session.LifeOptions
