import { answerAsThread } from '../../audit/threads';
import { parseAll } from './bareReading';

answerAsThread(parseAll);
