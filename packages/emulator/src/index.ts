/**
 * The OIDC service of AWS IAM Identity Center on loopback, with its approval page.
 *
 * @since 0.1.0
 */
export * as Emulator from "./Emulator.ts"
export * as EmulatorHttp from "./EmulatorHttp.ts"
export * as EmulatorServer from "./EmulatorServer.ts"
