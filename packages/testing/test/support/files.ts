/**
 * A file system in memory. It refuses to write below `/no/`.
 */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as PlatformError from "effect/PlatformError"

export const files = () => {
  const kept = new Map<string, string>()
  const failed = (_tag: "NotFound" | "AlreadyExists") => (path: string) =>
    PlatformError.systemError({ _tag, module: "FileSystem", method: "a method", pathOrDescriptor: path })
  const notFound = failed("NotFound")
  const layer = FileSystem.layerNoop({
    readFileString: (path) =>
      Effect.suspend(() => {
        const text = kept.get(path)
        return text === undefined ? Effect.fail(notFound(path)) : Effect.succeed(text)
      }),
    writeFileString: (path, text, options) =>
      Effect.suspend(() => {
        if (path.startsWith("/no/")) return Effect.fail(notFound(path))
        if (options?.flag === "wx" && kept.has(path)) return Effect.fail(failed("AlreadyExists")(path))
        return Effect.sync(() => kept.set(path, text))
      }),
    rename: (from, to) =>
      Effect.suspend(() => {
        const text = kept.get(from)
        if (text === undefined) return Effect.fail(notFound(from))
        kept.delete(from)
        return Effect.sync(() => kept.set(to, text))
      }),
    remove: (path) => Effect.sync(() => kept.delete(path))
  })
  return { kept, layer }
}
