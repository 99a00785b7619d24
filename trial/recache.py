import sys,shutil,time,json
from pathlib import Path
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
import numpy as np
from dataclasses import replace
from train.recipes import RECIPES
from train.small import cache as C
from train.small.world import *
from train.clips import *
import train.small.world as W, inspect
from rigmill.storage.files import digest, canonical_json, write_atomic
OLD=Path('/tmp/beg/model/clips'); NEW=Path('/tmp/beg/anch/clips')
cfg=RECIPES['small_joint'](64)
def one(a):
    cached,i=a
    c=cached.clips[i]; g=cached.geometry(i); d=cfg.pose_map
    m=C._mapped(cached.folder/'pose.bytes',(C._starts(cached.clips)[-1],*cached.size_px,3),'r+')
    at=C._starts(cached.clips)[i]
    for v in range(c.num_views):
        m[at]=rest_map(g,v,d.radius_px,shift_px=d.shift_px)
        m[at+1:at+1+c.num_frames]=view_maps(g,v,d.radius_px,shift_px=d.shift_px)
        at+=c.num_frames+1
    return i
if __name__=='__main__':
    world=W.read_world(Path('/tmp/beg/world'),num_frames=cfg.span(17))
    for clips in (world.train,world.held_out):
        oldcfg=replace(cfg,pose_map=replace(cfg.pose_map,shift_px=None))
        def folder(config):
            drawn={"size_px":config.size_px,"pose_map":config.pose_map.to_row(),"cell_px":config.cell_px}
            about={"samples":[c.place.sha256 for c in clips],"drawn":drawn}
            return about, f"clips-{digest(about)[:16]}"
        ao,o=folder(oldcfg); an,n=folder(cfg); print(len(clips),o,n,(OLD/o).exists())
        new=NEW/n; new.mkdir(parents=True,exist_ok=True)
        shutil.copytree(OLD/o/'geometry',new/'geometry',dirs_exist_ok=True)
        shutil.copy(OLD/o/'rgb.bytes',new/'rgb.bytes'); shutil.copy(OLD/o/'pose.bytes',new/'pose.bytes')
        cached=C.CachedClips(new,clips,(64,64))
        t=time.time()
        with ProcessPoolExecutor(2,mp_context=get_context('fork')) as pool:
            for k in pool.map(one,[(cached,i) for i in range(len(clips))],chunksize=16): pass
        (new/'done.bytes').write_bytes(b'\1'*len(clips))
        write_atomic(new/'about.json',(canonical_json(an)+'\n').encode(),durable=False)
        print('drawn',time.time()-t)
