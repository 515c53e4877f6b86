/**
 * Starts servers for tests. Each has a temporary folder and a port of its own.
 *
 * A server ends with the process that started it, however that process ends. A guard waits for it: a shell that reads from a
 * pipe, which closes with the process. The guard then stops the server and removes its folder.
 */
import { type ChildProcess, spawn } from "node:child_process"
import {
  accessSync,
  chmodSync,
  chownSync,
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync
} from "node:fs"
import { createServer, Socket } from "node:net"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { setTimeout } from "node:timers/promises"

/** The user that a server runs as. */
export interface User {
  readonly uid: number
  readonly gid: number
}

/** The program of a server. */
export interface Command {
  readonly file: string
  readonly args: ReadonlyArray<string>
  /** All of its stdin. */
  readonly input?: string
}

export interface Options {
  /** Begins the name of the folder. */
  readonly name: string
  /** By default it is this process's user. */
  readonly user?: User
  /** The signal after which the server stops at once and in order. */
  readonly signal: "INT" | "TERM"
  /** How long it may take to stop, in milliseconds, before it is killed. By default it is 10 seconds. */
  readonly grace?: number
  /** Fills the folder, before the server starts in it. */
  readonly prepare: (folder: string) => Promise<void>
  readonly command: (folder: string, port: number) => Command
}

/** A server that accepts connections on 127.0.0.1. */
export interface Running {
  readonly port: number
  readonly pid: number
  readonly folder: string
  /** Stops it, and removes its folder. */
  readonly stop: () => Promise<void>
}

const script = join(import.meta.dirname, "guard.sh")

/** How long a server may take to start, in milliseconds. The machine may be busy with other tests. */
const patience = 50_000

const mayPass = (path: string): boolean =>
  (statSync(path).mode & 0o001) !== 0 && (dirname(path) === path || mayPass(dirname(path)))

const isWritable = (path: string): boolean => {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}

/** A new folder that the user owns, at a place that the user can reach. */
const folderFor = (name: string, user: User | undefined): string => {
  const places = [tmpdir(), "/tmp", "/var/tmp"]
  const place = user === undefined ? tmpdir() : places.find((path) => isWritable(path) && mayPass(path))
  if (place === undefined) {
    throw new Error(
      `No folder for ${name}: user ${user?.uid} can reach none of ${
        places.join(", ")
      }. Set TMPDIR to a folder that every user may enter.`
    )
  }
  const folder = mkdtempSync(join(place, `sso-oidc-${name}-`))
  if (user !== undefined) {
    chmodSync(folder, 0o755)
    chownSync(folder, user.uid, user.gid)
  }
  return folder
}

/** A port of 127.0.0.1 that no program uses at this moment. */
export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().on("error", reject)
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      server.close(() =>
        typeof address === "object" && address !== null ? resolve(address.port) : reject(new Error("it has no port"))
      )
    })
  })

interface Guard {
  readonly watch: (pid: number) => void
  readonly end: () => Promise<void>
}

/** None of these keeps this process alive. */
const release = (child: ChildProcess): void => {
  child.unref()
  if (child.stdin instanceof Socket) child.stdin.unref()
}

const guardOf = (folder: string, { grace = 10_000, signal }: Options): Guard => {
  const shell = spawn("/bin/sh", [script, signal, folder, String(Math.ceil(grace / 20))], {
    cwd: "/",
    detached: true,
    stdio: ["pipe", "ignore", "ignore"]
  })
  const ended = new Promise<void>((resolve) => {
    shell.once("exit", () => resolve())
    shell.once("error", () => resolve())
  })
  shell.stdin.on("error", () => {})
  release(shell)
  return {
    watch: (pid) => shell.stdin.write(`${pid}\n`),
    end: async () => {
      shell.ref()
      shell.stdin.end()
      await ended
      // without a shell, nothing else removes it
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

interface Attempt {
  readonly child: ChildProcess
  /** What it has printed. */
  readonly log: () => string
  /** Why it is not running, or `undefined` while it runs. */
  readonly failure: () => string | undefined
  /** Waits until it has ended. */
  readonly ended: () => Promise<void>
}

const launch = ({ args, file, input }: Command, folder: string, user: User | undefined): Attempt => {
  const path = join(folder, "log")
  const output = openSync(path, "w", 0o600)
  let failure: string | undefined
  const child = spawn(file, args, {
    ...user,
    cwd: folder,
    // the library paths and the variables of this process are not the server's
    env: { PATH: process.env["PATH"], LC_ALL: "C" },
    detached: true,
    stdio: ["pipe", output, output]
  })
  closeSync(output)
  const ended = new Promise<void>((resolve) => {
    child.once("error", (error) => {
      failure = error.message
      resolve()
    })
    child.once("exit", (code, signal) => {
      failure = `it ended with ${signal ?? `code ${code}`}`
      resolve()
    })
  })
  child.stdin?.on("error", () => {}).end(input ?? "")
  release(child)
  return {
    child,
    log: () => readFileSync(path, "utf8"),
    failure: () => failure,
    ended: () => {
      child.ref()
      return ended
    }
  }
}

/** Waits until the server accepts connections, and gives the reason if it does not. */
const waitFor = async ({ failure, log }: Attempt): Promise<string | undefined> => {
  for (const end = Date.now() + patience; Date.now() < end;) {
    if (/ready to accept connections/i.test(log())) return undefined
    const reason = failure()
    if (reason !== undefined) return reason
    await setTimeout(10)
  }
  return `it accepts no connections after ${patience / 1000} s`
}

/** Starts a server. It rejects with what the server printed if that does not accept connections. */
export const start = async (options: Options): Promise<Running> => {
  const { command, name, prepare, user } = options
  const folder = folderFor(name, user)
  const guard = guardOf(folder, options)
  try {
    await prepare(folder)
    for (let attempts = 1;; attempts++) {
      const port = await freePort()
      const attempt = launch(command(folder, port), folder, user)
      const { pid } = attempt.child
      if (pid !== undefined) guard.watch(pid)
      const reason = await waitFor(attempt)
      // a process that was killed is there until this process has heard of its end
      const stop = () => guard.end().then(attempt.ended)
      if (reason === undefined && pid !== undefined) return { port, pid, folder, stop }
      const log = attempt.log()
      // another program took the port in between
      if (attempts < 5 && /address already in use/i.test(log)) continue
      throw new Error(`${name} does not start: ${reason}. ${log.slice(-2000)}`)
    }
  } catch (error) {
    await guard.end()
    throw error
  }
}
