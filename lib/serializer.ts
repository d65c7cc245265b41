import EJSON from 'ejson';
import { Serializers, type GenericObject } from 'moleculer';

/** EJSON text in UTF-8, as every Rocket.Chat node speaks it (contract 1.2, 1.3): dates survive the wire. */
export class EjsonSerializer extends Serializers.Base {
  override serialize(packet: GenericObject): Buffer {
    return Buffer.from(EJSON.stringify(packet as Parameters<typeof EJSON.stringify>[0]));
  }

  override deserialize(bytes: Buffer): GenericObject {
    return EJSON.parse(bytes.toString()) as GenericObject;
  }
}
