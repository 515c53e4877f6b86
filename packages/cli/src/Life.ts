/**
 * How the command keeps a session alive, and what it tells a person to run.
 */
import * as Wire from "@sso-oidc/core/aws/Wire"
import type * as AwsConfig from "@sso-oidc/session/AwsConfig"
import type * as Session from "@sso-oidc/session/Session"

const word = (name: string): string => Wire.shellWord(Wire.printable(name))

/** The flags that name this session again. */
export const flagsOf = ({ profile, session }: AwsConfig.Wanted): string =>
  profile !== undefined ? ` --profile ${word(profile)}` : session !== undefined ? ` --sso-session ${word(session)}` : ""

/** How long a request may take. A refresh and a code exchange are awaited for this time after Ctrl-C. */
export const requestTimeout = "10 seconds"

/** How the command keeps its token valid. Nothing goes on in the background, because the process may end. */
export const life = (wanted: AwsConfig.Wanted) =>
  ({
    loginCommand: `sso-oidc login${flagsOf(wanted)}`,
    clientName: "sso-oidc",
    requestTimeout,
    refresh: "wait"
  }) satisfies Session.LifeOptions
