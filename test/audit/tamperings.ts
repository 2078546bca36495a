import { BYTES } from './tampering/bytes';
import { CONDUCT } from './tampering/conduct';
import { DOCUMENTS } from './tampering/documents';
import { FORGERIES } from './tampering/forgeries';
import { LOG_ENTRIES } from './tampering/log';

export const TAMPERINGS = [...BYTES, ...LOG_ENTRIES, ...DOCUMENTS, ...FORGERIES, ...CONDUCT];
