import { init, jit, nn, numpy as np, hessian, jacfwd, jacrev, grad, linearize, jvp, vmap, type Array as T, tree } from "@jax-js/jax";
import { network, dataset, matrix } from "hessia";
import { random, uniform } from "./random.ts";
await init("wasm");
const sizes=[2,16,16,1], N=256;
const P=sizes.slice(1).reduce((s,u,i)=>s+u*(sizes[i]!+1),0);
const next=random(1);
const x=uniform("f64",N*2,next), y=uniform("f64",N,next), p=uniform("f64",P,next,.5);
for (const act of ["relu","tanh"]) {
const net=network({inputs:2,layers:[{units:16,activation:act as any},{units:16,activation:act as any},{units:1}],loss:"mse",dtype:"f64"});
net.setParameters(p);
const data=dataset(matrix(N,2,x),y);
const H=net.hessian(data).data; const G=net.gradient(data).gradient;
const err=(a:any,b:any)=>{let m=0,s=0;for(let i=0;i<b.length;i++){m=Math.max(m,Math.abs(a[i]-b[i]));s=Math.max(s,Math.abs(b[i]))}return (m/s).toExponential(1)+" len "+a.length};
const X=np.array(x).reshape([N,2]), Y=np.array(y).reshape([N,1]);
const mk=(cut:(f:any,o:number,e:number)=>any)=>(flat:T, X:T,Y:T)=>{
  let o=0; let h:any=X;
  for(let l=0;l<3;l++){const [i,u]=[sizes[l]!,sizes[l+1]!];
    const w=cut(flat,o,o+u*i).reshape([u,i]); o+=u*i;
    const b=cut(flat,o,o+u); o+=u;
    h=np.matmul(h,w.transpose()).add(b);
    if(l<2) h=act==="relu"?nn.relu(h):np.tanh(h);
  }
  flat.dispose();
  return np.square(h.sub(Y)).mean();
};
const slicing=mk((f,o,e)=>f.ref.slice([o,e]));
const sel=mk((f,o,e)=>{const s=new Float64Array((e-o)*P);for(let i=o;i<e;i++)s[(i-o)*P+i]=1;return np.matmul(np.array(s).reshape([e-o,P]),f.ref)});

const loss=slicing; const n="";
const on=(p:any)=>loss(p,X.ref,Y.ref);
const t=(name:string,f:()=>any,ref:any)=>{try{ for(let k=0;k<3;k++){const s=performance.now();const r=f();console.log(act,n,name,err(r,ref),(performance.now()-s).toFixed(0))}}catch(e){console.log(act,n,name,"ERR",(e as Error).message.slice(0,200))}};
const e3=()=>np.array(new Float64Array(P).fill(0).map((_,i)=>+(i===3)));
const h3=H.subarray(3*P,4*P);
const J=(f:any)=>jit(f) as any;
const jl=J(on), jg=J(grad(on)), jgl=grad(jl);
t("hess of jit loss",()=>(hessian(jl) as any)(np.array(p)).dataSync(),H);
t("jacfwd of jit grad",()=>(jacfwd(jg) as any)(np.array(p)).dataSync(),H);
const a1=J((p:any,v:any)=>jvp(grad(on) as any,[p],[v])[1]);
t("jit jvp grad v arg",()=>a1(np.array(p),e3()).dataSync(),h3);
const a2=J((p:any,v:any)=>jvp(grad(on) as any,[p],[v]));
t("jit jvp grad v arg both",()=>{const [g,r]=a2(np.array(p),e3()); g.dispose(); return r.dataSync()},h3);
const a3=J((p:any,v:any)=>grad(((p:any)=>{const [y,d]=jvp(on as any,[p],[v.ref]) as any;y.dispose();return d}) as any)(p));
t("jit grad jvp",()=>a3(np.array(p),e3()).dataSync(),h3);
const a4=J((p:any)=>{const hv=(v:any)=>grad(((p:any)=>{const [y,d]=jvp(on as any,[p],[v]) as any;y.dispose();return d}) as any)(p); return (vmap(hv as any,[0]) as any)(np.eye(P,undefined as any,{dtype:p.dtype} as any))});
t("jit vmap grad jvp",()=>a4(np.array(p)).dataSync(),H);
t("jit grad of jit loss",()=>J(hessian(jl))(np.array(p)).dataSync(),H);
t("jit jacfwd of jit grad",()=>J(jacfwd(jg))(np.array(p)).dataSync(),H);
const a5=J(((f:any)=>{const [o,lf]=linearize(grad(on) as any,[f]) as any; return [o,vmap(((v:any)=>lf(v)) as any,[0])(np.eye(P,undefined as any,{dtype:f.dtype} as any))]; }));
t("jit linearize",()=>{const [o,h]=a5(np.array(p));o.dispose();return h.dataSync()},H);
}
