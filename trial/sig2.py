import torch, numpy as np, sys, glob
from pathlib import Path
from train.recipes import RECIPES
from train.small.cache import CachedClips
import train.small.world as W
from train.clips import to_unit, ray_maps
from train.model.joint import Pair
from train.weights import new_model
torch.set_num_threads(1)
cfg=RECIPES[sys.argv[3]](64)
m=new_model(cfg,seed=0)
ck=sorted(glob.glob(sys.argv[1]+'/**/*.ckpt',recursive=True))[-1]; print(ck)
k=torch.load(ck,weights_only=True,map_location='cpu')
names=[n for n,_ in m.named_parameters() if n.startswith('denoiser')]
sd={n.removeprefix('model.'):v for n,v in k['state_dict'].items()}
print(len(sd),len(names)); 
miss=m.load_state_dict(sd,strict=False); print(len(miss.missing_keys),miss.unexpected_keys[:3])
if len(sys.argv)>2:
    for (n,p),v in zip([(n,p) for n,p in m.denoiser.named_parameters()],k['means']): p.data.copy_(v)
m.eval()
world=W.read_world(Path('/tmp/beg/world'),num_frames=33)
for part,folder,clips in (('trained','clips-cc8a015f3263a401',world.train),('heldout','clips-4183dcb50ef011a7',world.held_out)):
    ca=CachedClips(Path('/tmp/beg/anch/clips/'+folder),clips,(64,64))
    res={}
    for i in np.linspace(0,len(clips)-1,40).astype(int):
        vs=[ca.view(int(i),q) for q in range(4)]
        enc=lambda n,c,sl: c.encode(torch.stack([to_unit(sl(x,n)) for x in vs]))[None]
        fr=lambda x,n: getattr(x,n)[::2][[2,6,10,14]]
        te=lambda x,n: getattr(x,'template_'+n)[None]
        z=Pair(enc('rgb',m.codec,fr),enc('pose',m.pose_codec,fr)); t=Pair(enc('rgb',m.codec,te),enc('pose',m.pose_codec,te))
        if (t.pose-z.pose).square().mean()<.02: continue
        for s in (1.0,.9,.7,.5):
          for cap in ('own','none','other'):
            if cap!='own' and s<1: continue
            torch.manual_seed(int(i)); nz=z.map(lambda a:(1-s)*a+s*torch.randn_like(a))
            text=m.text([clips[i].caption if cap=='own' else '' if cap=='none' else clips[(i*7+331)%len(clips)].caption])
            with torch.inference_mode(): o=m.denoiser(nz,condition=t,timestep=torch.tensor([1000.*s]),text=text,rays=ray_maps(ca.cameras(int(i)),factor=8)[None],frames=(2,6,10,14))
            for n in ('pose',):
                e=(getattr(o,n)-getattr(z,n)).square().sum().item(); b=(getattr(t,n)-getattr(z,n)).square().sum().item()
                res.setdefault((n,s,cap),[]).append((e,b))
    print(part,{k:round(float(sum(a for a,b in v)/sum(b for a,b in v)),3) for k,v in res.items()})
