/**
 * The OIDC service of AWS IAM Identity Center on loopback, with its approval page.
 *
 * @since 0.1.0
 */
export * as Account from "./Account.ts"
export * as Application from "./Application.ts"
export * as Authorization from "./Authorization.ts"
export * as Emulator from "./Emulator.ts"
export * as EmulatorControl from "./EmulatorControl.ts"
export * as EmulatorError from "./EmulatorError.ts"
export * as EmulatorHttp from "./EmulatorHttp.ts"
export * as EmulatorServer from "./EmulatorServer.ts"
export * as EmulatorTransport from "./EmulatorTransport.ts"
export * as Fault from "./Fault.ts"
export * as Snapshot from "./Snapshot.ts"
