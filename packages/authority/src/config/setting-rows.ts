import * as z from 'zod'
import { SETTINGS } from './settings.ts'

/** One setting that is no group of others. */
export interface SettingRow {
  /** As in `limits.requestsPerMinute.client`. */
  readonly path: string
  /** The variable that replaces it. */
  readonly variable: string
  readonly description: string
  /** What it is, in words: `number, 1 to 1000`. */
  readonly kind: string
  readonly takesNumber: boolean
  readonly takesNull: boolean
  /** As JSON; undefined if it must be given or may be left out. */
  readonly otherwise: string | undefined
  readonly required: boolean
}

/** Of JSON schema, what zod makes of the settings. */
interface Node {
  readonly type?: string
  readonly description?: string
  readonly const?: string
  readonly enum?: readonly string[]
  readonly default?: unknown
  readonly minimum?: number
  readonly maximum?: number
  readonly properties?: Readonly<Record<string, Node>>
  readonly required?: readonly string[]
  readonly anyOf?: readonly Node[]
  readonly oneOf?: readonly Node[]
}

const PREFIX = 'STRONGROOM_AUTHORITY_'

/** All settings in the order of the schema. */
export const SETTING_ROWS: readonly SettingRow[] = rowsOf(
  z.toJSONSchema(SETTINGS, { io: 'input' }) as Node,
  [],
  true,
)

/** The name of a variable: `limits.bodySeconds` is `STRONGROOM_AUTHORITY_LIMITS_BODY_SECONDS`. */
export function variableOf(path: readonly string[]): string {
  return PREFIX + path.map((name) => name.replaceAll(/[A-Z]/g, '_$&').toUpperCase()).join('_')
}

/** Whether a variable of the environment is meant for a setting. */
export function isVariable(name: string): boolean {
  return name.startsWith(PREFIX)
}

function rowsOf(node: Node, path: readonly string[], required: boolean): SettingRow[] {
  const variants = node.anyOf ?? node.oneOf ?? [node]
  const groups = variants.filter(({ properties }) => properties)
  const takesNull = variants.some(({ type }) => type === 'null')
  const children = groups.flatMap(({ properties = {}, required: needed = [] }) =>
    Object.entries(properties).flatMap(([name, child]) =>
      rowsOf(child, [...path, name], needed.includes(name)),
    ),
  )
  if (groups.length === 0) return [rowOf(node, path, { required, takesNull })]
  // A group that may be null is a setting itself, by that one value.
  const whole = takesNull ? [rowOf({ ...node, type: 'object' }, path, { required, takesNull })] : []
  return [...whole, ...merged(children)]
}

/** What stands in several groups of which one is chosen is one setting, and may be what it is in any of them. */
function merged(rows: readonly SettingRow[]): SettingRow[] {
  return [...Map.groupBy(rows, ({ path }) => path).values()].flatMap((same) => {
    const [first] = same
    return first ? [{ ...first, kind: same.map(({ kind }) => kind).join(', ') }] : []
  })
}

function rowOf(
  node: Node,
  path: readonly string[],
  { required, takesNull }: { readonly required: boolean; readonly takesNull: boolean },
): SettingRow {
  return {
    path: path.join('.'),
    variable: variableOf(path),
    description: node.description ?? '',
    kind: kindOf(node, takesNull),
    takesNumber: node.type === 'integer',
    takesNull,
    otherwise: node.default === undefined ? undefined : JSON.stringify(node.default),
    required,
  }
}

function kindOf({ type, enum: values, const: value, minimum, maximum }: Node, takesNull: boolean): string {
  if (value !== undefined) return `\`${value}\``
  if (values) return values.map((one) => `\`${one}\``).join(', ')
  if (type === 'object') return takesNull ? 'object or null' : 'object'
  if (type !== 'integer') return 'text'
  const most = maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? '' : ` to ${maximum}`
  return `number, ${minimum ?? 0}${most || ' or more'}`
}
