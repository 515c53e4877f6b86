import type * as Server from "../../src/server.ts"

/** A server that serves nothing: it says that it is ready, and waits for a signal. */
export const waiting: Server.Options = {
  name: "waiting",
  signal: "TERM",
  prepare: () => Promise.resolve(),
  command: () => ({ file: "/bin/sh", args: ["-c", "echo Ready to accept connections; exec sleep 1000"] })
}
