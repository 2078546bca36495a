import { answerAsThread } from '../threads';
import { examine } from './portion';

answerAsThread(examine);
