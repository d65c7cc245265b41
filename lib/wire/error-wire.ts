import { Errors, type GenericObject } from 'moleculer';
import { MeteorError } from './errors';

type PlainError = ReturnType<Errors.Regenerator['extractPlainError']>;

/** Sends a Meteor error with the fields by which Rocket.Chat's broker knows it again (contract 1.6). */
export class ErrorWire extends Errors.Regenerator {
  override extractPlainError(err: Error): PlainError & GenericObject {
    const plain = super.extractPlainError(err);
    if (!(err instanceof MeteorError)) return plain;
    const { isClientSafe, errorType, reason, details } = err;
    return { ...plain, isClientSafe, errorType, reason, details };
  }
}
