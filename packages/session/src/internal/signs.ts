/**
 * The signs that the person's browser is on another machine. It is pure: `node/SystemBrowser` reads what it judges.
 */
import type { Sign } from "../LoginBrowser.ts"

/** What was read of the machine and of the process. */
export interface Facts {
  /** The platform, as `process.platform` has it. */
  readonly platform: string
  /** The release of the kernel. That of WSL names Microsoft. */
  readonly release: string
  /** The environment variable, or `undefined`. */
  readonly variable: (name: Variable) => string | undefined
  /** Whether `/.dockerenv` or `/run/.containerenv` exists. */
  readonly hasContainerFile: boolean
  /** The text of `/proc/self/cgroup`. Empty if there is none. */
  readonly cgroup: string
  /** Whether standard input and standard error are a terminal. */
  readonly isTerminal: boolean
}

/** The environment variables that count. */
export const variables = [
  "SSH_CONNECTION",
  "SSH_CLIENT",
  "SSH_TTY",
  "DISPLAY",
  "WAYLAND_DISPLAY",
  "WSL_DISTRO_NAME"
] as const

export type Variable = (typeof variables)[number]

/**
 * A control group of a container. The name of a program alone is no sign: a machine that runs containers has groups such as
 * `docker.service`.
 */
const containerGroup =
  /[/:](?:docker[/-][0-9a-f]{12}|libpod[_-]|kubepods(?:[./-]|$)|ecs\/|lxc\/|lxc\.payload|cri-containerd[:-]|crio-|buildkit\/)/m

const isSet = (value: string | undefined): boolean => value !== undefined && value !== ""

/** The first sign that holds, in the order of `Sign`. */
export const signOf = (
  { cgroup, hasContainerFile, isTerminal, platform, release, variable }: Facts
): Sign | undefined => {
  const has = (...names: ReadonlyArray<Variable>): boolean => names.some((name) => isSet(variable(name)))
  if (has("SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY")) return "ssh"
  if (platform === "linux") {
    if (hasContainerFile || containerGroup.test(cgroup)) return "container"
    // WSL without a display opens the browser of Windows, which reaches the loopback of WSL.
    const isWsl = /microsoft/i.test(release) || has("WSL_DISTRO_NAME")
    if (!isWsl && !has("DISPLAY", "WAYLAND_DISPLAY")) return "noDisplay"
  }
  return isTerminal ? undefined : "noTerminal"
}
