import { LatchkeyError } from '../../common/errors.js';

/** The provider has nothing to say at this address, or its instance is not set up for it. */
export const unsupportedNotification = (): LatchkeyError =>
  new LatchkeyError('notification.unsupported', 'This connector takes no such notifications.');

export const unsignedNotification = (): LatchkeyError =>
  new LatchkeyError(
    'notification.signature_invalid',
    'The signature is missing or not the one of the provider.',
  );

export const malformedNotification = (cause?: unknown): LatchkeyError =>
  new LatchkeyError('notification.invalid', 'This is no notification of the provider for us.', { cause });
