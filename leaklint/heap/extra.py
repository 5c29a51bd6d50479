from leaklint.heap.memoisation import Memos
from leaklint.heap.registration import Registrations
def extra(heap):
    out=[]; from leaklint.heap.weakness import Weakness
    P=lambda m: heap.points_to.names.modules[m].path
    for m in Memos(heap).all():
        out.append(dict(code='LK301',path=P(m.module),line=m.place[0],confidence=m.level,symbol=m.name,message=str(m)))
    for r in Registrations(heap).all():
        out.append(dict(code='LK401',path=P(heap.points_to.names.module_of(r.function).name),line=r.event.place[0],confidence=r.level,symbol=r.function,message=str(r)[:300]))
    from leaklint.heap.handlers import Handlers
    for r in Handlers(heap).all():
        out.append(dict(code='LK402',path=P(heap.points_to.names.module_of(r.function).name),line=r.event.place[0],confidence=r.level,symbol=r.function,message=str(r)[:300]))
    for w in Weakness(heap).all():
        out.append(dict(code='LK501',path=P(w.location.module),line=w.location.place[0],confidence='medium',symbol=w.location.name,message=w.why,related=[dict(path=P(heap.points_to.names.module_of(w.effect.function).name),line=w.effect.event.place[0])]))
    return out
