import * as z from 'zod'
import { MEDIA_TYPES, PROBLEMS } from '@strongroom/core/protocol'
import type { Route } from './route.ts'
import { SCHEMAS } from './schemas.ts'

type Json = Readonly<Record<string, unknown>>

const PREFIX = '#/components/schemas/'

/** What parameters in paths are. */
const PARAMETERS: Readonly<Record<string, string>> = {
  id: 'A deposit id: 64 hexadecimal digits.',
  digest: 'A statement digest: 64 hexadecimal digits.',
  client: 'The id of a client.',
  link: 'What stands in the link of a notice.',
  tile: 'The path of a tile behind `tile/`, with slashes.',
}

/** What an authority's service answers, as an OpenAPI 3.1 document made of the route table. */
export function openApiDocument(routes: readonly Route[]): Json {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Strongroom backup authority',
      version: '1',
      description: 'Bodies in JSON have one encoding, which the specification of the protocol gives.',
    },
    paths: pathsOf(routes),
    components: {
      schemas: namedSchemas(),
      securitySchemes: {
        signed: { type: 'apiKey', in: 'header', name: 'Signature', description: 'RFC 9421, by a client.' },
      },
    },
  }
}

/** Their places are their names: members that say so again are left out, as JSON does with what is undefined. */
function namedSchemas(): Json {
  const { schemas } = z.toJSONSchema(z.globalRegistry, { uri: (id) => `${PREFIX}${id}` })
  const entries = Object.entries(schemas).map(([id, schema]) => [
    id,
    { ...schema, $id: undefined, $schema: undefined },
  ])
  return Object.fromEntries(entries)
}

/** A reference to a schema with a name; one without stands where it is used. */
function schemaOf(schema: z.ZodType): Json {
  const id = z.globalRegistry.get(schema)?.id
  if (id !== undefined) return { $ref: `${PREFIX}${id}` }
  const { $schema: _, ...inline } = z.toJSONSchema(schema)
  return inline
}

function pathsOf(routes: readonly Route[]): Json {
  const byPath = Map.groupBy(routes, ({ path }) => path)
  return Object.fromEntries(
    [...byPath].map(([path, those]) => [
      path,
      Object.fromEntries(those.map((route) => [route.method.toLowerCase(), operationOf(route)])),
    ]),
  )
}

function operationOf({ method, path, summary, auth, bodies, query, answers }: Route): Json {
  const parameters = [...pathParameters(path), ...(query ? queryParameters(query) : [])]
  const content = Object.entries(bodies ?? {}).map(([type, { schema }]) => [
    type,
    { schema: schemaOf(schema) },
  ])
  return {
    operationId: `${method.toLowerCase()}${path.replaceAll(/[^a-z0-9]+/gi, '_').replace(/_$/, '')}`,
    summary,
    ...(parameters.length > 0 && { parameters }),
    ...(bodies && { requestBody: { required: true, content: Object.fromEntries(content) } }),
    ...((auth === 'signed' || auth === 'keyed') && { security: [{ signed: [] }] }),
    responses: {
      200: {
        description: 'What was asked for.',
        content: Object.fromEntries(
          Object.entries(answers).map(([type, schema]) => [type, { schema: schemaOf(schema) }]),
        ),
      },
      default: {
        description: `A problem: ${Object.keys(PROBLEMS).join(', ')}.`,
        content: { [MEDIA_TYPES.problem]: { schema: schemaOf(SCHEMAS.problem) } },
      },
    },
  }
}

function pathParameters(path: string): Json[] {
  return [...path.matchAll(/\{([a-z]+)\}/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    description: PARAMETERS[name] ?? '',
    schema: { type: 'string' },
  }))
}

function queryParameters(query: z.ZodType): Json[] {
  const { properties = {} } = z.toJSONSchema(query)
  return Object.entries(properties).map(([name, schema]) => ({ name, in: 'query', required: false, schema }))
}
