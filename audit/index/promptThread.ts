import { answerAsThread } from '../threads';
import { promptRecords } from './promptRecords';

answerAsThread(promptRecords);
