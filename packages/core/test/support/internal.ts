/**
 * The package's internals, which its exports hide and a project reference may not import by a relative path.
 */
import type * as MaskModule from "../../src/internal/mask.ts"
import type * as VersionModule from "../../src/internal/version.ts"

const load = (name: string): Promise<unknown> => import(new URL(`../../src/internal/${name}.ts`, import.meta.url).href)

// the module at that path has that type: TypeScript reads the same file
export const Mask = await load("mask") as typeof MaskModule

export const Version = await load("version") as typeof VersionModule
