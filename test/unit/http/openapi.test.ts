import Ajv2020 from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { ERROR_CODES } from '../../../lib/wire/errors';
import { openApi } from '../../../lib/http/openapi';
import { ROUTES } from '../../../lib/http/routes';
import { validateOpenApi } from '../../helpers/openapi-validator';

type Node = Readonly<Record<string, unknown>>;

interface Document {
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Record<string, Node>; readonly examples: Record<string, { value: Node }> };
}

interface Operation {
  readonly operationId: string;
  readonly responses: Record<string, { readonly content?: Record<string, { readonly schema: Node }> }>;
}

const document = JSON.parse(JSON.stringify(openApi('1.2.3'))) as Document;
const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));

/** Every schema of an object that lets in what is not named, by where it is. */
function openObjects(schema: unknown, at: string): string[] {
  if (Array.isArray(schema)) return schema.flatMap((one, i) => openObjects(one, `${at}/${i}`));
  if (typeof schema !== 'object' || schema === null) return [];
  const { type, additionalProperties } = schema as Node;
  const isOpen = type === 'object' && additionalProperties !== false;
  const inside = Object.entries(schema).flatMap(([key, value]) => openObjects(value, `${at}/${key}`));
  return isOpen ? [at, ...inside] : inside;
}

describe('the OpenAPI document', () => {
  test('is valid, and all it refers to is there', async () => {
    await expect(validateOpenApi(document)).resolves.toBeUndefined();
    const broken = { ...document, paths: { ...document.paths, '/x': { get: { responses: 1 } } } };
    await expect(validateOpenApi(broken)).rejects.toThrow('#/paths/~1x/get/responses');
  });

  test('has every route, each under a name of its own', () => {
    const ids = operations.map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toEqual(expect.arrayContaining(ROUTES.map(({ id }) => id)));
  });

  test('says exactly what is answered: no object has members that are not named', () => {
    const answered = Object.entries(document.components.schemas).filter(([name]) => name !== 'WeeklyHours');
    const inline = operations.flatMap(({ operationId, responses }) =>
      Object.entries(responses).flatMap(([status, { content = {} }]) =>
        Object.values(content).map(({ schema }) => [`${operationId} ${status}`, schema] as const),
      ),
    );

    const open = [...answered, ...inline].flatMap(([name, schema]) => openObjects(schema, name));
    expect(open).toEqual(['getDocument 200']);
  });

  test('has an example of each problem, which is one', () => {
    const ajv = addFormats(new Ajv2020({ strict: false }));
    const isProblem = ajv.compile(document.components.schemas.Problem!);
    expect(Object.keys(document.components.examples).sort()).toEqual(Object.keys(ERROR_CODES).sort());
    for (const [code, { value }] of Object.entries(document.components.examples)) {
      expect([code, isProblem(value), isProblem.errors]).toEqual([code, true, null]);
      expect(value).toMatchObject({ code, type: `/problems/${code}`, detail: expect.stringMatching(/\S/) as string });
    }
  });
});
