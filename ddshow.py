import sys,re
p,m=sys.argv[1],sys.argv[2]; skip=re.compile(sys.argv[3]) if len(sys.argv)>3 else None
a=open(f'ref.{p}.{m}').read().split('\n'); b=open(f'dd.{p}.{m}').read().split('\n')
n=0
for x,y in zip(a,b):
    if x!=y:
        if skip and skip.search(x): continue
        s=lambda t: re.sub(r'\) = .*','',t.replace('ioctl(-1, ',''))[:int(sys.argv[4]) if len(sys.argv)>4 else 300]
        print('<',s(x)); print('>',s(y)); n+=1
        if n>40: break
