import { assert, describe, it } from "@effect/vitest"
import * as Signs from "../../src/internal/signs.ts"
import type { Sign } from "../../src/LoginBrowser.ts"

interface Case extends Partial<Omit<Signs.Facts, "variable">> {
  readonly variables?: Partial<Record<Signs.Variable, string>>
}

/** The sign of a laptop with Linux and a terminal, except for what the case says. */
const signOf = ({ variables = { DISPLAY: ":0" }, ...facts }: Case): Sign | undefined =>
  Signs.signOf({
    platform: "linux",
    release: "6.8.0-45-generic",
    variable: (name) => variables[name],
    hasContainerFile: false,
    cgroup: "0::/user.slice/user-1000.slice/user@1000.service/app.slice/app-org.gnome.Terminal.slice/vte-spawn.scope\n",
    isTerminal: true,
    ...facts
  })

const wsl = "5.15.167.4-microsoft-standard-WSL2"
const id = "3f4e9c1b2a7d".padEnd(64, "0")

const cases: ReadonlyArray<readonly [what: string, sign: Sign | undefined, facts: Case]> = [
  ["a terminal with an X display", undefined, {}],
  ["a terminal with a Wayland display", undefined, { variables: { WAYLAND_DISPLAY: "wayland-0" } }],
  ["SSH_CONNECTION", "ssh", { variables: { DISPLAY: ":0", SSH_CONNECTION: "10.0.0.1 1 10.0.0.2 22" } }],
  ["SSH_CLIENT", "ssh", { variables: { DISPLAY: ":0", SSH_CLIENT: "10.0.0.1 1 22" } }],
  ["SSH_TTY", "ssh", { variables: { DISPLAY: ":0", SSH_TTY: "/dev/pts/1" } }],
  ["empty variables of SSH", undefined, {
    variables: { DISPLAY: ":0", SSH_CONNECTION: "", SSH_CLIENT: "", SSH_TTY: "" }
  }],
  ["SSH to macOS", "ssh", { platform: "darwin", variables: { SSH_TTY: "/dev/ttys001" } }],
  ["SSH to Windows", "ssh", { platform: "win32", variables: { SSH_CLIENT: "10.0.0.1 1 22" } }],
  ["SSH to WSL", "ssh", { release: wsl, variables: { SSH_CLIENT: "10.0.0.1 1 22" } }],
  ["SSH in a container without a display and a terminal", "ssh", {
    variables: { SSH_TTY: "/dev/pts/1" },
    hasContainerFile: true,
    isTerminal: false
  }],
  ["the file of Docker or Podman", "container", { hasContainerFile: true }],
  ["a container in WSL", "container", { release: wsl, hasContainerFile: true }],
  ["a container without a display and a terminal", "container", {
    variables: {},
    hasContainerFile: true,
    isTerminal: false
  }],
  ["such a file on macOS", undefined, { platform: "darwin", hasContainerFile: true }],
  ["a control group of Docker, version 1", "container", { cgroup: `12:pids:/docker/${id}\n11:cpu:/docker/${id}\n` }],
  ["a control group of Docker under systemd", "container", { cgroup: `0::/system.slice/docker-${id}.scope\n` }],
  ["a control group of Podman", "container", { cgroup: `0::/machine.slice/libpod-${id}.scope/container\n` }],
  ["a control group of Kubernetes", "container", { cgroup: `4:memory:/kubepods/besteffort/podaa/${id}\n` }],
  ["a control group of Kubernetes under systemd", "container", {
    cgroup: `0::/kubepods.slice/kubepods-burstable.slice/cri-containerd-${id}.scope\n`
  }],
  ["a control group of Amazon ECS", "container", { cgroup: `9:cpu:/ecs/0123abcd/${id}\n` }],
  ["a control group of LXC", "container", { cgroup: "1:name=systemd:/lxc/web\n" }],
  ["a control group of LXC 4", "container", { cgroup: "0::/lxc.payload.web/init.scope\n" }],
  ["the control group of Docker's own service", undefined, { cgroup: "0::/system.slice/docker.service\n" }],
  ["a program that is named after Docker", undefined, {
    cgroup: "0::/user.slice/user-1000.slice/user@1000.service/app.slice/app-docker-desktop-1234.scope\n"
  }],
  ["no control group", undefined, { cgroup: "" }],
  ["Linux without a display", "noDisplay", { variables: {} }],
  ["Linux with empty displays", "noDisplay", { variables: { DISPLAY: "", WAYLAND_DISPLAY: "" } }],
  ["Linux without a display and a terminal", "noDisplay", { variables: {}, isTerminal: false }],
  ["WSL without a display", undefined, { release: wsl, variables: {} }],
  ["WSL 1 without a display", undefined, { release: "4.4.0-19041-Microsoft", variables: {} }],
  ["WSL with a kernel of one's own", undefined, { variables: { WSL_DISTRO_NAME: "Ubuntu" } }],
  ["macOS, which has no such variable", undefined, { platform: "darwin", variables: {} }],
  ["Windows, which has no such variable", undefined, { platform: "win32", variables: {} }],
  ["FreeBSD without a display", undefined, { platform: "freebsd", variables: {} }],
  ["no terminal", "noTerminal", { isTerminal: false }],
  ["no terminal on macOS", "noTerminal", { platform: "darwin", variables: {}, isTerminal: false }],
  ["no terminal in WSL", "noTerminal", { release: wsl, variables: {}, isTerminal: false }]
]

describe("the signs of another machine", () => {
  it.each(cases)("%s gives the sign %s (S15)", (_, sign, facts) => {
    assert.strictEqual(signOf(facts), sign)
  })
})
