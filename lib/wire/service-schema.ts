import type { Service, ServiceSchema, ServiceSettingSchema } from 'moleculer';

/**
 * A schema whose hooks and handlers know their service. Moleculer's types let a broker take only
 * schemas with a bare `this`, though it binds the very service; hence the one cast, here.
 */
export function serviceSchema<T extends Service>(schema: ServiceSchema<ServiceSettingSchema, T>): ServiceSchema {
  return schema as unknown as ServiceSchema;
}
