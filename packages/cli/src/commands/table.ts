import type { Command } from '../command.ts'
import { AUTHORITY_COMMANDS } from './authority/table.ts'
import { CLIENT_COMMANDS } from './client/table.ts'
import { CUSTODIAN_COMMANDS } from './custodian/table.ts'
import { CRYPTOAPI_COMMANDS } from './cryptoapi/table.ts'
import { RECOVERY_COMMANDS } from './recovery/table.ts'

/** A command that is loaded only when it is named. */
export interface CommandRow {
  readonly name: string
  readonly purpose: string
  /** Not for people: help does not list it. */
  readonly hidden?: true
  load(): Promise<Command>
}

/** Commands about one kind of thing, and groups of them: `strongroom key new`, `strongroom authority tenant add`. */
export interface CommandGroup {
  readonly name: string
  readonly purpose: string
  readonly commands: readonly (CommandRow | CommandGroup)[]
}

/** Tells a group from a command. */
export function isGroup(row: CommandRow | CommandGroup): row is CommandGroup {
  return 'commands' in row
}

/** A command and the words that name it. */
export interface CommandLeaf {
  readonly words: readonly string[]
  readonly row: CommandRow
}

/** All commands among rows, those in groups too, in their order. */
export function leavesOf(
  rows: readonly (CommandRow | CommandGroup)[],
  before: readonly string[] = [],
): CommandLeaf[] {
  return rows.flatMap((row): CommandLeaf[] => {
    const words = [...before, row.name]
    return isGroup(row) ? leavesOf(row.commands, words) : [{ words, row }]
  })
}

const KEY_COMMANDS: readonly CommandRow[] = [
  { name: 'new', purpose: 'make a session key', load: async () => (await import('./key.ts')).keyNew },
  { name: 'list', purpose: 'list session keys', load: async () => (await import('./key-list.ts')).keyList },
  {
    name: 'show',
    purpose: 'verify a session key and show it',
    load: async () => (await import('./key-list.ts')).keyShow,
  },
  {
    name: 'export',
    purpose: 'write a session key as a key blob',
    load: async () => (await import('./key.ts')).keyExport,
  },
  { name: 'import', purpose: 'take in a key blob', load: async () => (await import('./key.ts')).keyImport },
  { name: 'delete', purpose: 'delete a session key', load: async () => (await import('./key.ts')).keyDelete },
]

const CONTAINER_COMMANDS: readonly CommandRow[] = [
  {
    name: 'list',
    purpose: 'list containers',
    load: async () => (await import('./container.ts')).containerList,
  },
  {
    name: 'show',
    purpose: 'show the public keys of a container',
    load: async () => (await import('./container.ts')).containerShow,
  },
  {
    name: 'create',
    purpose: 'make one more container',
    load: async () => (await import('./container.ts')).containerCreate,
  },
  {
    name: 'protect',
    purpose: 'change what protects a container',
    load: async () => (await import('./container-change.ts')).containerProtect,
  },
  {
    name: 'export',
    purpose: 'write public or private keys',
    load: async () => (await import('./container-export.ts')).containerExport,
  },
  {
    name: 'import',
    purpose: 'take in a container or an age identity',
    load: async () => (await import('./container-import.ts')).containerImport,
  },
  {
    name: 'default',
    purpose: 'choose the container that is used',
    load: async () => (await import('./container-change.ts')).containerDefault,
  },
  {
    name: 'remove',
    purpose: 'destroy a container and its keys',
    load: async () => (await import('./container-change.ts')).containerRemove,
  },
]

const SIGNER_COMMANDS: readonly CommandRow[] = [
  {
    name: 'add',
    purpose: 'accept somebody’s seals',
    load: async () => (await import('./signer.ts')).signerAdd,
  },
  {
    name: 'list',
    purpose: 'list whose seals are accepted',
    load: async () => (await import('./signer.ts')).signerList,
  },
  {
    name: 'show',
    purpose: 'show a signer’s keys',
    load: async () => (await import('./signer.ts')).signerShow,
  },
  {
    name: 'remove',
    purpose: 'accept somebody’s seals no longer',
    load: async () => (await import('./signer.ts')).signerRemove,
  },
]

/** Every command, in the order in which help lists them. */
export const COMMANDS: readonly (CommandRow | CommandGroup)[] = [
  { name: 'init', purpose: 'make your keys, once', load: async () => (await import('./init.ts')).init },
  { name: 'seal', purpose: 'encrypt and sign files', load: async () => (await import('./seal.ts')).seal },
  {
    name: 'open',
    purpose: 'check who sealed files, then decrypt them',
    load: async () => (await import('./open.ts')).open,
  },
  {
    name: 'verify',
    purpose: 'check files without writing anything',
    load: async () => (await import('./verify.ts')).verify,
  },
  {
    name: 'inspect',
    purpose: 'show what can be known about a file',
    load: async () => (await import('./inspect.ts')).inspect,
  },
  {
    name: 'rewrap',
    purpose: 'change who can open a file, leaving its content',
    load: async () => (await import('./rewrap.ts')).rewrap,
  },
  {
    name: 'reseal',
    purpose: 'seal a file anew, under a new key',
    load: async () => (await import('./reseal.ts')).reseal,
  },
  ...CLIENT_COMMANDS,
  ...RECOVERY_COMMANDS,
  { name: 'key', purpose: 'keep session keys that are used again', commands: KEY_COMMANDS },
  { name: 'container', purpose: 'keep your own key pairs', commands: CONTAINER_COMMANDS },
  {
    name: 'signer',
    purpose: 'keep whose seals you accept, and names for recipients',
    commands: SIGNER_COMMANDS,
  },
  {
    name: 'cryptoapi',
    purpose: 'read keys and files of Microsoft’s CryptoAPI, and move on from them',
    commands: CRYPTOAPI_COMMANDS,
  },
  { name: 'authority', purpose: 'run a backup authority', commands: AUTHORITY_COMMANDS },
  { name: 'custodian', purpose: 'hold the keys of a backup authority', commands: CUSTODIAN_COMMANDS },
  {
    name: 'completion',
    purpose: 'print the completion script for a shell',
    load: async () => (await import('./completion.ts')).completion,
  },
  {
    name: 'complete',
    purpose: 'answer a completion script',
    hidden: true,
    load: async () => (await import('./complete.ts')).complete,
  },
]
