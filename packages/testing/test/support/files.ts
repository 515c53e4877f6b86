/**
 * A file system in memory. Nothing can be written below `/no/`.
 */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as PlatformError from "effect/PlatformError"

export const files = () => {
  const kept = new Map<string, string>()
  const notFound = (path: string) =>
    PlatformError.systemError({
      _tag: "NotFound",
      module: "FileSystem",
      method: "readFileString",
      pathOrDescriptor: path
    })
  const layer = FileSystem.layerNoop({
    readFileString: (path) => {
      const text = kept.get(path)
      return text === undefined ? Effect.fail(notFound(path)) : Effect.succeed(text)
    },
    writeFileString: (path, text) =>
      path.startsWith("/no/") ? Effect.fail(notFound(path)) : Effect.sync(() => kept.set(path, text)),
    rename: (from, to) =>
      Effect.sync(() => {
        kept.set(to, kept.get(from) ?? "")
        kept.delete(from)
      })
  })
  return { kept, layer }
}
