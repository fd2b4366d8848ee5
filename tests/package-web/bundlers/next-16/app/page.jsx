import { Talk } from './talk-page';

export default function Page() {
    return <Talk />;
}
