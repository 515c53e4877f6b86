/**
 * The variables of the program that `exec` runs.
 */
import type { Variable } from "./CredentialText.ts"

/**
 * What would outrank the credentials, or lead away from them: the two that name a profile, and an old name of the session token, which botocore
 * reads first.
 */
const dropped = ["AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SECURITY_TOKEN"]

const regions = ["AWS_REGION", "AWS_DEFAULT_REGION"]

/** What the variables of a child are made of. */
export interface Options {
  /** The variables of this process. */
  readonly inherited: Readonly<Record<string, string | undefined>>
  /** The variables of the credentials. */
  readonly credentials: ReadonlyArray<Variable>
  /** The region of the profile, for a child whose variables name none. An empty variable names none. */
  readonly region: string | undefined
  /** Whether names differ by more than their capitals. They do not on Windows. */
  readonly hasCapitals: boolean
}

/** The variables of the child: those of this process, with the credentials in place of a profile. */
export const make = (
  { credentials, hasCapitals, inherited, region }: Options
): Readonly<Record<string, string | undefined>> => {
  const plain = (name: string): string => hasCapitals ? name : name.toUpperCase()
  const namesRegion = Object.entries(inherited).some(([name, value]) => regions.includes(plain(name)) && value)
  const given: ReadonlyArray<Variable> = [
    ...credentials,
    ...region === undefined || namesRegion ? [] : regions.map((name): Variable => [name, region])
  ]
  const replaced = new Set([...dropped, ...given.map(([name]) => name)])
  return Object.fromEntries([
    ...Object.entries(inherited).filter(([name]) => !replaced.has(plain(name))),
    ...given
  ])
}
